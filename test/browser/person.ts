import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { expect } from 'vitest'

/** Where pictures of what was seen are kept. */
export const artefacts = fileURLToPath(new URL('../artefacts/', import.meta.url))

/** Somebody who chats in a browser. */
export interface Person {
  readonly page: Page
  /** What went wrong in the page: failed scripts, refused loads. */
  readonly faults: string[]
  /** Addresses outside this machine that the page asked for. */
  readonly strangers: string[]
  login(name: string, password: string): Promise<void>
  /** Resolves when a contact is seen online, or not. */
  sees(address: string, show: 'online' | 'offline'): Promise<void>
  /** Opens the chat with a contact. */
  talkTo(address: string): Promise<void>
  say(text: string): Promise<void>
  /** Resolves when a message is there, once, and stays once. */
  reads(text: string): Promise<void>
  sendPicture(path: string): Promise<void>
  /** Resolves with the width of the last picture, once it is shown. */
  picture(): Promise<number>
  screenshot(name: string): Promise<void>
}

/** Opens a page in a browser profile of its own. */
export async function openPerson(browser: Browser, url: string, dark = false): Promise<Person> {
  const context = await browser.newContext({
    viewport: { width: 1100, height: 760 },
    colorScheme: dark ? 'dark' : 'light',
  })
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  const faults: string[] = []
  const strangers: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (line) => {
    if (/Content Security Policy|Refused to/.test(line.text())) faults.push(line.text())
  })
  page.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url())
    if (/^https?:|^ws/.test(protocol) && hostname !== 'localhost') strangers.push(request.url())
  })
  await page.goto(url)
  const message = (text: string) => page.locator('.chat-msg__text', { hasText: text })

  return {
    page,
    faults,
    strangers,
    async login(name, password) {
      await page.fill('input[name=jid]', name)
      await page.fill('input[name=password]', password)
      await page.click('converse-login-form button[type=submit]')
      await page.waitForSelector('converse-roster .roster-contacts, converse-roster')
    },
    async sees(address, show) {
      await page.waitForSelector(`.roster-contacts li[data-status=${show}]:has([data-jid="${address}"])`)
    },
    async talkTo(address) {
      await page.locator(`converse-roster a.open-chat[data-jid="${address}"]`).first().click()
      await page.waitForSelector('textarea.chat-textarea')
    },
    async say(text) {
      await page.fill('textarea.chat-textarea', text)
      await page.press('textarea.chat-textarea', 'Enter')
    },
    async reads(text) {
      await message(text).first().waitFor()
      expect(await message(text).count()).toBe(1)
    },
    async sendPicture(path) {
      await page.setInputFiles('converse-chat-toolbar input[type=file]', path)
    },
    async picture() {
      const image = page.locator('.chat-msg img.chat-image, .chat-msg__body img[src*="/upload/"]').last()
      await image.waitFor()
      await expect
        .poll(() => image.evaluate((one) => Reflect.get(one, 'naturalWidth')), { timeout: 20_000 })
        .toBeGreaterThan(0)
      return image.evaluate((one) => Reflect.get(one, 'naturalWidth') as number)
    },
    async screenshot(name) {
      mkdirSync(artefacts, { recursive: true })
      await page.screenshot({ path: `${artefacts}${name}.png` })
    },
  }
}
