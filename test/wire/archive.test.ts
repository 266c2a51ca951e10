import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AccountsService } from '@xmppkit/auth/module'
import { parseJid } from '@xmppkit/jid'
import type { WireClient } from '@xmppkit/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { inMemory, type Place } from './ways.js'

const domain = 'capulet.test'
const password = 'r0m30'
const mam = "xmlns='urn:xmpp:mam:2'"
let place: Place | undefined
let folder: string | undefined
afterEach(async () => {
  await place?.[Symbol.asyncDispose]()
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  place = undefined
  folder = undefined
})

async function login(name: string, resource: string): Promise<WireClient> {
  if (place === undefined) throw new Error('there is no server')
  const accounts = place.server.host().get(AccountsService)
  const account = parseJid(`${name}@${domain}`).bare
  if (!(await accounts.exists(account))) await accounts.register(account, password)
  const client = place.dial(domain)
  await client.login({ username: name, password, resource })
  return client
}

/** A page: the bodies in it, the ids of its ends, and whether it is the last. */
async function page(client: WireClient, set: string, more = '') {
  client.send(
    `<iq type='set' id='q'><query ${mam}><set xmlns='http://jabber.org/protocol/rsm'>${set}</set>${more}</query></iq>`,
  )
  const bodies: string[] = []
  for (;;) {
    const { name, ...one } = await receive(client)
    if (name === 'iq') return { bodies, ...one }
    bodies.push(one.body ?? '')
  }
}

async function receive(client: WireClient) {
  const raw = await client.receive()
  const text = raw.toElement().toString()
  return {
    name: raw.name,
    body: /<body>(.*?)<\/body>/.exec(text)?.[1],
    first: /<first>(.*?)<\/first>/.exec(text)?.[1],
    last: /<last>(.*?)<\/last>/.exec(text)?.[1],
    complete: text.includes('complete="true"'),
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => String(n))

describe.each([
  ['in memory', async () => ({})],
  [
    'in SQLite',
    async () => {
      folder = await mkdtemp(join(tmpdir(), 'xmppkit-archive-'))
      return { storage: { path: join(folder, 'test.sqlite') } }
    },
  ],
] as const)('an archive %s', (_, settings) => {
  test('MAM-1: 1,000 messages are read page by page, both ways, by either side', async () => {
    place = await inMemory.open(await settings())
    const romeo = await login('romeo', 'orchard')
    const juliet = await login('juliet', 'balcony')
    juliet.send('<presence/>')
    await juliet.find('<presence/>')
    const count = 1000
    for (const n of upTo(count)) {
      romeo.send(`<message to='juliet@${domain}' type='chat'><body>${n}</body></message>`)
    }
    for (const n of upTo(count)) await juliet.expect(`<message><body>${n}</body></message>`)
    for (const client of [romeo, juliet]) {
      const forwards: string[] = []
      for (let after = ''; ; ) {
        const next = await page(client, `<max>90</max>${after}`)
        forwards.push(...next.bodies)
        if (next.complete) break
        expect(next.bodies).toHaveLength(90)
        after = `<after>${next.last}</after>`
      }
      expect(forwards).toEqual(upTo(count))
      const backwards: string[] = []
      for (let before = ''; ; ) {
        const next = await page(client, `<max>70</max><before>${before}</before>`)
        backwards.unshift(...next.bodies)
        if (next.complete) break
        before = next.first ?? ''
      }
      expect(backwards).toEqual(upTo(count))
      const flipped = await page(client, '<max>3</max><before/>', '<flip-page/>')
      expect(flipped.bodies).toEqual(['999', '998', '997'])
    }
  })

  test('MAM-1: a message that was delivered, or acknowledged by what follows it, is in every query after that', async () => {
    place = await inMemory.open(await settings())
    const [romeo, phone] = [await login('romeo', 'orchard'), await login('romeo', 'phone')]
    const juliet = await login('juliet', 'balcony')
    juliet.send('<presence/>')
    await juliet.find('<presence/>')
    for (let n = 0; n < 50; n += 1) {
      romeo.send(`<message to='juliet@${domain}' type='chat'><body>${n}</body></message>`)
      // The query stands right behind the message in one stream.
      expect((await page(romeo, '<max>1</max><before/>')).bodies).toEqual([String(n)])
      await juliet.expect(`<message><body>${n}</body></message>`)
      expect((await page(juliet, '<max>1</max><before/>')).bodies).toEqual([String(n)])
      expect((await page(phone, '<max>1</max><before/>')).bodies).toEqual([String(n)])
    }
  })
})

test('without archives nothing of them is there', async () => {
  place = await inMemory.open({ archive: { enabled: false } })
  const romeo = await login('romeo', 'orchard')
  const juliet = await login('juliet', 'balcony')
  juliet.send('<presence/>')
  await juliet.find('<presence/>')
  romeo.send(`<message to='juliet@${domain}' type='chat'><body>hi</body></message>`)
  await juliet.expect("<message _children='1'><body>hi</body></message>")
  romeo.send(`<iq type='set' id='q'><query ${mam}/></iq>`)
  await romeo.expect("<iq type='error' id='q'/>")
})
