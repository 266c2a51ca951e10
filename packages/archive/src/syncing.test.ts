import { type Bind2, createBind2, type InlineContext } from '@xmppkit/auth'
import { type C2sSession, syncsFromArchive } from '@xmppkit/c2s'
import type { BareJid } from '@xmppkit/jid'
import { createCountingIds, silentLogger as logger } from '@xmppkit/runtime'
import { NS } from '@xmppkit/stanza'
import { parseElement } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { type Client, type FakeHost, fakeHost, form, rsm } from './fake-host.js'

const juliet = 'juliet@example.com'

/** What a client that logs in with this `<bind/>` is told within `<bound/>`. */
async function bind(bind2: Bind2<C2sSession>, account: BareJid, wanted: string): Promise<string> {
  const element = parseElement(
    `<authenticate xmlns='${NS.sasl2}'><bind xmlns='${NS.bind2}'>${wanted}</bind></authenticate>`,
  )
  const context = { element, account, userAgent: {} } as InlineContext
  const answer = String((await bind2.feature.negotiate(context)).element)
  return answer.replaceAll(` xmlns="${NS.mam}" id`, ' id')
}

/** The sids of clients that are said to read the archive. */
function syncing({ hooks }: FakeHost): string[] {
  const sids: string[] = []
  hooks.on(syncsFromArchive, ({ session }) => void sids.push(session.sid))
  return sids
}

const wrote = (host: FakeHost, body: string) =>
  host.arrives(
    `<message from='romeo@example.net/x' to='${juliet}' type='chat'><body>${body}</body></message>`,
  )

test('BIND2-4 OFF-1: a client that binds with its login is told what is in its archive, and reads it there', async () => {
  let client: Client | undefined
  const bind2 = createBind2<C2sSession>({ bind: () => client!.session, ids: createCountingIds('r'), logger })
  const host = fakeHost({ bind2 })
  const sids = syncing(host)
  client = await host.connect(`${juliet}/phone`)
  const { account } = client.session
  expect(await bind(bind2, account, '')).toBe(
    `<bound xmlns="${NS.bind2}"><metadata xmlns="${NS.mam}"/></bound>`,
  )
  for (const body of ['1', '2', '3']) await wrote(host, body)
  expect(await bind(bind2, account, '')).toBe(
    `<bound xmlns="${NS.bind2}"><metadata xmlns="${NS.mam}"><start id="a1" timestamp="2026-01-31T12:00:00Z"/><end id="a3" timestamp="2026-01-31T12:00:00Z"/></metadata></bound>`,
  )
  expect(sids).toEqual([`${juliet}/phone`, `${juliet}/phone`])
  await host.archive.close()
  expect(await bind(bind2, account, '')).toBe(`<bound xmlns="${NS.bind2}"/>`)
})

describe('OFF-1: a page of its archive', () => {
  const asked = async (payload: string, isThere: boolean) => {
    const host = fakeHost()
    const sids = syncing(host)
    await wrote(host, '1')
    const client = await host.connect(`${juliet}/phone`)
    if (isThere) await client.available()
    await client.query(payload)
    return sids.length
  }

  test.each([
    ['of any kind', ''],
    ['from the end', rsm('<before/>')],
    ['since a moment', form({ start: '2026-01-30T00:00:00Z' })],
  ])('%s is how a client without presence gets what it missed', async (_, payload) => {
    expect([await asked(payload, false), await asked(payload, true)]).toEqual([1, 0])
  })

  test.each([
    ['with one party', form({ with: 'romeo@example.net' })],
    ['with words', form({ withtext: 'o' })],
    ['by ids', form({ ids: ['a1'] })],
    ['to count', rsm('<max>0</max>')],
    ['that cannot be read', form({ start: 'yesterday' })],
  ])('%s is not', async (_, payload) => {
    expect(await asked(payload, false)).toBe(0)
  })
})
