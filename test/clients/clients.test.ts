import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openLossyProxy } from './lossy-proxy.js'
import { isPresent, openStage, type Stage, waysOf } from './stage.js'

/** Each feature a client has: true; each it has not: why. */
interface Table {
  readonly features: Record<string, string>
  readonly clients: readonly { readonly name: string; readonly can: Record<string, true | string> }[]
}

const table: Table = JSON.parse(readFileSync(new URL('./clients.json', import.meta.url), 'utf8'))
const able = (feature: string) =>
  table.clients.filter(({ name, can }) => can[feature] === true && isPresent(name)).map(({ name }) => name)
/** An account for one client and one feature, so that tests leave nothing to each other. */
const someone = (client: string, feature: string) => `${client.replace(/\W/g, '')}-${feature}`
const accounts = Object.keys(table.features).flatMap((feature) =>
  able(feature).map((client) => someone(client, feature)),
)
const photo = Buffer.from('not really a picture, and no program here looks')

let stage: Stage
beforeAll(async () => {
  stage = await openStage(['reader', 'writer', ...accounts])
})
afterEach(() => stage.leave())
afterAll(() => stage[Symbol.asyncDispose]())

test('the table says of every client and every feature what it can', () => {
  for (const { name, can } of table.clients)
    expect(Object.keys(can), name).toEqual(Object.keys(table.features))
})

describe('login', () => {
  test.each(able('login'))(
    '%s logs in over TLS every way it can, writes and is written to',
    async (client) => {
      const user = someone(client, 'login')
      const boris = stage.companion
      for (const way of waysOf(client)) {
        const { peer, jid } = await stage.enter(client, user, { way, resource: way })
        expect(jid.split('/')[1]).toMatch(new RegExp(`^${way}`))
        await peer.send(boris.jid, `over ${way}`)
        expect((await boris.peer.heard(`over ${way}`)).from).toBe(jid)
        await boris.peer.send(jid, `back over ${way}, ö <&> 🎉`)
        expect((await peer.heard(`back over ${way}, ö <&> 🎉`)).from).toBe(boris.jid)
        await peer.logout()
      }
    },
  )
})

describe('sasl2', () => {
  test.each(able('sasl2'))('%s authenticates and binds in one round trip', async (client) => {
    const { used, jid } = await stage.enter(client, someone(client, 'sasl2'))
    expect(used).toEqual([expect.stringMatching(/^SCRAM-/), 'bound'])
    expect(jid).toMatch(/\/one\/.{16}$/)
  })
})

describe('fast', () => {
  test.each(able('fast'))('%s comes back with its token and without the password', async (client) => {
    const user = someone(client, 'fast')
    const installation = 'd4565fa7-4d72-4749-b3d3-740edbf87770'
    const first = await stage.enter(client, user, { installation })
    await first.peer.logout()
    const again = { installation, token: first.token, password: 'forgotten' }
    const second = await stage.enter(client, user, again)
    expect(second.used).toEqual(['HT-SHA-256-NONE', 'bound'])
    expect(second.jid).toBe(first.jid)
  })
})

describe('resume', () => {
  test.each(able('resume'))(
    '%s resumes after its connection was cut, again and again',
    async (client) => {
      await using proxy = await openLossyProxy(stage.portOf(waysOf(client)[0]))
      const boris = stage.companion
      const { peer, jid } = await stage.enter(client, someone(client, 'resume'), { port: proxy.port })
      const expected: string[] = []
      const say = async (body: string) => {
        expected.push(body)
        await boris.peer.send(jid, body)
      }
      for (const round of [1, 2]) {
        await say(`before cut ${round}`)
        await peer.heard(`before cut ${round}`)
        proxy.cut()
        for (const n of [1, 2, 3]) await say(`during cut ${round}, ${n}`)
        await boris.peer.settle()
        proxy.mend()
        await peer.resumed()
        for (const n of [1, 2, 3]) await peer.heard(`during cut ${round}, ${n}`)
        await peer.send(boris.jid, `after cut ${round}`)
        expect((await boris.peer.heard(`after cut ${round}`)).from).toBe(jid)
      }
      await peer.settle()
      expect(peer.everything().map(({ body }) => body)).toEqual(expected)
      // Clients wait longer before each try to connect again: a slow machine makes them wait long.
    },
    180_000,
  )
})

describe('carbons', () => {
  test.each(able('carbons'))('%s sees what its other resource is told and says', async (client) => {
    const user = someone(client, 'carbons')
    const boris = stage.companion
    const first = await stage.enter(client, user, { resource: 'first' })
    const second = await stage.enter(client, user, { resource: 'second' })
    for (const { peer } of [first, second]) await peer.carbons()
    await boris.peer.send(first.jid, 'to the first')
    expect(await first.peer.heard('to the first')).toMatchObject({ way: 'direct', from: boris.jid })
    expect(await second.peer.heard('to the first')).toMatchObject({ way: 'received', from: boris.jid })
    await first.peer.send(boris.jid, 'from the first')
    expect(await second.peer.heard('from the first')).toMatchObject({ way: 'sent', from: first.jid })
    expect((await boris.peer.heard('from the first')).from).toBe(first.jid)
    await second.peer.send(boris.jid, 'from the second')
    expect(await first.peer.heard('from the second')).toMatchObject({ way: 'sent', from: second.jid })
    for (const { peer } of [first, second]) await peer.settle()
    expect(first.peer.everything().map(({ body }) => body)).toEqual(['to the first', 'from the second'])
    expect(second.peer.everything().map(({ body }) => body)).toEqual(['to the first', 'from the first'])
  })
})

describe('archive', () => {
  const count = 1000
  const bodies = Array.from({ length: count }, (_, n) => `message ${n}`)

  beforeAll(async () => {
    const reader = await stage.enter('@xmpp/client', 'reader')
    const writer = await stage.enter('@xmpp/client', 'writer')
    for (let n = 0; n < count; n += 100) {
      const [from, to] = n % 200 === 0 ? [reader, writer] : [writer, reader]
      for (const body of bodies.slice(n, n + 100)) await from.peer.send(to.jid, body)
      await to.peer.heard(bodies[n + 99]!)
    }
    await stage.leave()
  })

  test.each(able('archive'))('%s reads 1,000 messages, forwards and backwards', async (client) => {
    const { peer } = await stage.enter(client, 'reader', { resource: 'sync' })
    const forwards = await peer.archive('forwards', 50)
    expect(forwards.map((page) => page.length)).toEqual(Array(20).fill(50))
    expect(forwards.flat()).toEqual(bodies)
    const backwards = await peer.archive('backwards', 50)
    expect(backwards.map((page) => page.length)).toEqual(Array(20).fill(50))
    expect(backwards.toReversed().flat()).toEqual(bodies)
    expect(peer.everything()).toEqual([])
  })

  test.runIf(isPresent('profanity'))('profanity shows the first of them in a conversation', async () => {
    const { peer } = await stage.enter('profanity', 'reader', { resource: 'sync' })
    expect(await peer.archive('forwards', 50)).toEqual([bodies.slice(0, 50)])
  })
})

describe('blocking', () => {
  test.each(able('blocking'))('%s blocks somebody, is left alone, and unblocks', async (client) => {
    const boris = stage.companion
    const pest = boris.jid.split('/')[0]!
    const { peer, jid } = await stage.enter(client, someone(client, 'blocking'))
    await peer.block(pest)
    expect(await peer.blocked()).toEqual([pest])
    await boris.peer.send(jid, 'not to be heard')
    expect(await boris.peer.refused()).toBe('service-unavailable')
    await peer.unblock(pest)
    expect(await peer.blocked()).toEqual([])
    await boris.peer.send(jid, 'to be heard')
    await peer.heard('to be heard')
    expect(peer.everything().map(({ body }) => body)).toEqual(['to be heard'])
  })
})

describe('vcard', () => {
  test.each(able('vcard'))('%s publishes a vCard, and its picture shows in presence', async (client) => {
    const user = someone(client, 'vcard')
    const hash = createHash('sha1').update(photo).digest('hex')
    const other = await stage.enter(client, user, { resource: 'other' })
    const { peer, jid } = await stage.enter(client, user)
    await peer.publishVCard('Anna Example', 'image/png', photo.toString('base64'))
    const back = await stage.enter(client, user, { resource: 'back' })
    for (const from of [jid, back.jid]) expect(await other.peer.photoOf(from)).toBe(hash)
    const card = { name: 'Anna Example', hash }
    expect(await other.peer.vCard(jid.split('/')[0]!)).toEqual(card)
    const boris = stage.companion
    expect(await boris.peer.vCard(jid.split('/')[0]!)).toEqual(card)
  })
})
