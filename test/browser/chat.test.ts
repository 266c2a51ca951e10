import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createWireClient, socketTransport } from '@xmppkit/testing'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasPeer } from '../interop/peers.js'
import { type ServerProcess, startServer, xmppkit } from '../process/server-process.js'
import { type Cable, layCable } from './cable.js'
import { artefacts, openPerson } from './person.js'

const executablePath = process.env.XMPPKIT_CHROMIUM ?? '/usr/bin/chromium'
const present = hasPeer('Chromium (Debian: chromium)', [executablePath, '--version'])
const picture = fileURLToPath(new URL('./rose.png', import.meta.url))

/** Lets two accounts see each other's presence, as clients do. */
async function befriend(port: number, data: string): Promise<void> {
  const ca = await readFile(join(data, 'self-signed.crt'), 'utf8')
  const [juliet, romeo] = ['juliet', 'romeo'].map((username) => {
    const transport = socketTransport(connect({ port, host: '127.0.0.1' }), { ca })
    return { username, client: createWireClient({ transport }, { domain: 'localhost', timeoutMs: 20_000 }) }
  })
  for (const one of [juliet!, romeo!]) {
    await one.client.login({ username: one.username, password: 'pw' })
    // Who has asked for the roster is told of subscriptions.
    one.client.send("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq><presence/>")
  }
  for (const [one, other] of [
    [juliet!, romeo!],
    [romeo!, juliet!],
  ] as const) {
    one.client.send(`<presence type='subscribe' to='${other.username}@localhost'/>`)
    await other.client.find(`<presence type='subscribe' from='${one.username}@localhost'/>`)
    other.client.send(`<presence type='subscribed' to='${one.username}@localhost'/>`)
    await one.client.find(`<presence type='subscribed' from='${other.username}@localhost'/>`)
  }
  for (const { client } of [juliet!, romeo!]) await client.close()
}

/** Everything a transport is tried with: a server, and a cable to it for each browser. */
async function openPlace(users: readonly string[]) {
  const data = await mkdtemp(join(tmpdir(), 'xmppkit-browser-'))
  const cables = [await layCable(), await layCable()] as const
  const [first, second] = cables
  const options = ['--page-port', '0', '--upload-url', `http://localhost:${second.port}/upload`]
  const start = async () => {
    const server = await startServer(data, [...options, '--set', 'accounts.iterations=4096'])
    const [, port] = /http:\/\/localhost:(\d+)\/chat/.exec(server.greeting()) ?? []
    for (const cable of cables) cable.lead(Number(port))
    return server
  }
  const place = { server: await start(), cables, url: (cable: Cable) => `http://localhost:${cable.port}` }
  for (const user of users) await xmppkit('register', user, 'localhost', 'pw', '--data', data)
  if (users.length > 1) await befriend(place.server.port, data)
  return {
    ...place,
    first,
    second,
    /** Accounts with a session, as the server says. */
    async connected() {
      const said = await xmppkit('connected-users', '--data', data)
      return [...new Set(said.match(/\w+@localhost/g))].sort()
    },
    async restart() {
      expect(await place.server.stop()).toBe(0)
      place.server = await start()
    },
    async [Symbol.asyncDispose]() {
      for (const cable of cables) cable[Symbol.dispose]()
      await (place.server as ServerProcess).kill()
      await rm(data, { recursive: true })
    },
  }
}

describe.skipIf(!present)('Chromium with the pages of npm start', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
    console.log(`screenshots: ${artefacts}`)
  })
  afterAll(() => browser?.close())

  test('the landing page shows what is running, by day and by night, on a desk and on a phone', async () => {
    await using place = await openPlace([])
    for (const colorScheme of ['light', 'dark'] as const) {
      const context = await browser.newContext({ colorScheme, viewport: { width: 1100, height: 760 } })
      const page = await context.newPage()
      const faults: string[] = []
      page.on('console', (line) => faults.push(line.text()))
      await page.goto(`${place.url(place.first)}/`)
      expect(await page.textContent('h1')).toBe('localhost is ready to talk')
      expect(await page.textContent('.figures')).toContain('fewer than 10')
      await page.screenshot({ path: `${artefacts}landing-${colorScheme}.png`, fullPage: true })
      await page.setViewportSize({ width: 360, height: 740 })
      expect(await page.evaluate('document.body.scrollWidth <= innerWidth')).toBe(true)
      await page.screenshot({ path: `${artefacts}landing-${colorScheme}-phone.png`, fullPage: true })
      expect(faults).toEqual([])
      await page.click('text=Open the chat')
      await page.waitForSelector('input[name=jid]')
      await context.close()
    }
  })

  test.each(['websocket', 'bosh'] as const)(
    'two people chat over %s; a restart and a cut cable lose nothing',
    async (transport) => {
      await using place = await openPlace(['juliet', 'romeo'])
      const shot = (name: string) => `${transport}-${name}`
      const juliet = await openPerson(browser, `${place.url(place.first)}/chat?${transport}`)
      const romeo = await openPerson(browser, `${place.url(place.second)}/chat?${transport}`, true)
      const [hers, his] = ['juliet@localhost', 'romeo@localhost']

      await juliet.page.waitForSelector('input[name=jid]')
      await juliet.screenshot(shot('1-login'))
      await juliet.login(hers, 'pw')
      await romeo.login(his, 'pw')
      await juliet.sees(his, 'online')
      await romeo.sees(hers, 'online')

      await juliet.talkTo(his)
      await romeo.talkTo(hers)
      await juliet.say('Art thou not Romeo?')
      await romeo.reads('Art thou not Romeo?')
      await romeo.say('Neither, fair maid.')
      await juliet.reads('Neither, fair maid.')

      await romeo.sendPicture(picture)
      expect(await romeo.picture()).toBe(await juliet.picture())
      await juliet.screenshot(shot('2-picture-light'))
      await romeo.screenshot(shot('3-picture-dark'))

      await place.restart()
      // Not asked of the contact list: Converse.js 14 sometimes shows contacts as away after it has reconnected.
      await expect.poll(place.connected, { timeout: 60_000, interval: 500 }).toEqual([hers, his])
      await juliet.say('Good night, good night!')
      await romeo.reads('Good night, good night!')

      place.first.cut()
      await romeo.say('Wilt thou leave me so?')
      place.first.mend()
      await juliet.reads('Wilt thou leave me so?')
      await juliet.say('What satisfaction?')
      await romeo.reads('What satisfaction?')
      for (const text of ['Wilt thou leave me so?', 'What satisfaction?', 'Art thou not Romeo?']) {
        await juliet.reads(text)
        await romeo.reads(text)
      }
      await juliet.screenshot(shot('4-nothing-lost'))
      expect([juliet.faults, romeo.faults, juliet.strangers, romeo.strangers]).toEqual([[], [], [], []])
      await Promise.all([juliet.page.context().close(), romeo.page.context().close()])
    },
    240_000,
  )
})
