import { type BareJid, type FullJid, parseJid } from '@xmppkit/jid'
import { createManualClock } from '@xmppkit/runtime'
import type { SessionRecord } from '@xmppkit/sessions'
import { textFromWire } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { createClientAccess } from './client-access.js'
import type { FastClient } from './ports.js'

const juliet = parseJid('juliet@example.org').bare
const noon = 1_700_000_000_000

interface Asked {
  readonly from: FullJid
  readonly to: BareJid
  readonly payload: { readonly id: string }
}
type Handler = (request: Asked) => Promise<{ toWire(): never } | undefined>

function rig(
  tokens: readonly FastClient[],
  present: readonly [string, string, string?][],
  arriving: typeof present = [],
) {
  const handlers: Handler[] = []
  const kicked: string[] = []
  const revoked: string[] = []
  const recordOf = (
    [resource, mechanism, clientId]: (typeof present)[number],
    order: number,
  ): SessionRecord => {
    const jid = parseJid(`${juliet}/${resource}`) as FullJid
    const info = { mechanism, openedAt: noon - 1000 - order, ...(clientId && { clientId }) }
    return { sid: `sid ${resource}`, jid, order, priority: undefined, presence: undefined, info }
  }
  let sessions = present.map(recordOf)
  const clock = createManualClock(noon)
  const access = createClientAccess({
    clock,
    store: { list: async () => tokens },
    fast: {
      async revoke(_account, client = '') {
        revoked.push(client)
        sessions = [...present, ...arriving].map(recordOf)
        return 1
      },
    },
    sessions: {
      resources: () => sessions,
      async kick(jid) {
        kicked.push(jid.toString())
        return 1
      },
    },
    iq: {
      handle(_definition, _target, handler) {
        handlers.push(handler as unknown as Handler)
        return { [Symbol.dispose]: () => {} }
      },
    } as Parameters<typeof createClientAccess>[0]['iq'],
  })
  const from = (sessions[0]?.jid ?? parseJid(`${juliet}/r`)) as FullJid
  return {
    access,
    clock,
    kicked,
    revoked,
    async list() {
      const answer = await handlers[0]?.({ from, to: juliet, payload: { id: '' } })
      return [...textFromWire(answer?.toWire() as never).matchAll(/<client .*?<\/client>/g)].map(
        ([text]) => text,
      )
    },
    revoke: (id: string) => handlers[1]?.({ from, to: juliet, payload: { id } }),
  }
}

const token = (client: string, lastSeenAt = noon - 5000): FastClient => ({
  client,
  software: `S<${client}`,
  lastSeenAt,
  expiresAt: noon + 1,
})
const idOf = (text = '') => /\bid="([^"]*)"/.exec(text)?.[1] ?? ''

describe('XEP-0494: the list', () => {
  test('has each installation once, however often it is there, and sessions that name none for themselves', async () => {
    const { list } = rig(
      [token('phone'), token('tablet')],
      [
        ['a', 'HT-SHA-256-EXPR', 'phone'],
        ['b', 'SCRAM-SHA-1', 'phone'],
        ['c', 'PLAIN'],
        ['d', 'PLAIN'],
      ],
    )
    const clients = await list()
    expect(clients).toHaveLength(4)
    expect(clients[0]).toContain('<auth><password/><fast/></auth>')
    expect(clients[0]).toContain('<last-seen>2023-11-14T22:13:20Z</last-seen>')
    expect(clients[0]).toContain('<software>S&lt;phone</software>')
    expect(clients[0]).not.toContain('<first-seen>')
    expect(clients[1]).toContain('connected="false"')
    expect(clients[1]).toContain('<auth><fast/></auth>')
    expect(clients[1]).toContain('<last-seen>2023-11-14T22:13:15Z</last-seen>')
    expect(clients[2]).toContain('<first-seen>2023-11-14T22:13:18Z</first-seen>')
    expect(new Set(clients.map(idOf)).size).toBe(4)
  })

  test('takes tokens and ends sessions of one client; its own session later, for it asked', async () => {
    const { list, revoke, kicked, revoked, clock } = rig(
      [token('phone'), token('tablet')],
      [
        ['a', 'HT-SHA-256-EXPR', 'phone'],
        ['b', 'HT-SHA-256-EXPR', 'phone'],
      ],
    )
    await revoke(idOf((await list())[0]))
    expect([revoked, kicked]).toEqual([['phone'], [`${juliet}/b`]])
    await clock.advance(0)
    expect(kicked).toEqual([`${juliet}/b`, `${juliet}/a`])
  })

  test('ends sessions of the client that were opened until the tokens were taken', async () => {
    const { list, revoke, kicked } = rig(
      [token('phone')],
      [['a', 'PLAIN']],
      [
        ['b', 'HT-SHA-256-EXPR', 'phone'],
        ['c', 'HT-SHA-256-EXPR', 'tablet'],
      ],
    )
    await revoke(idOf((await list())[0]))
    expect(kicked).toEqual([`${juliet}/b`])
  })

  test.each([
    ['has shown a password', 'SCRAM-SHA-256-PLUS', 'service-unavailable'],
    ['has a grant of others', 'OAUTHBEARER', 'service-unavailable'],
    ['has a certificate', 'EXTERNAL', 'service-unavailable'],
  ])('takes nothing from who %s', async (_what, mechanism, condition) => {
    const { list, revoke, kicked, revoked } = rig([token('phone')], [['a', mechanism, 'phone']])
    await expect(revoke(idOf((await list())[0]))).rejects.toMatchObject({ condition })
    await expect(revoke('unknown')).rejects.toMatchObject({ condition: 'item-not-found' })
    expect([kicked, revoked]).toEqual([[], []])
  })
})
