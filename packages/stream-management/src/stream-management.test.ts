import type { C2sSession, KeptSession } from '@xmppkit/c2s'
import { createHooks } from '@xmppkit/hooks'
import { parseJid } from '@xmppkit/jid'
import { createCountingIds, createManualClock, silentLogger } from '@xmppkit/runtime'
import { createMemoryKeyValue } from '@xmppkit/storage'
import type { StreamState } from '@xmppkit/stream'
import { parseElement } from '@xmppkit/xml'
import { expect, test } from 'vitest'
import { createStreamManagement } from './stream-management.js'

const nothing = { add: () => ({ [Symbol.dispose]() {} }) }
const jid = parseJid('juliet@example.com').bare.withResource('phone')

test('SM-3: a session that has ended while it was bound is not managed', () => {
  const kept: string[] = []
  const session = {
    sid: '1',
    jid,
    account: jid.bare,
    ended: true,
    keepWith: () => void kept.push('kept'),
  } as Partial<C2sSession> as unknown as KeptSession
  const management = createStreamManagement({
    c2s: {
      features: nothing,
      inline: nothing,
      bind2: nothing,
      sessionOf: () => session,
      move: () => false,
    },
    hooks: createHooks({ onError() {} }),
    sessions: { kick: async () => 0 },
    store: createMemoryKeyValue(),
    ids: createCountingIds('id'),
    clock: createManualClock(),
    logger: silentLogger,
  })
  const enable = parseElement("<enable xmlns='urn:xmpp:sm:3' resume='true'/>")
  expect(String(management.enable(enable, {} as StreamState))).toContain('<unexpected-request')
  expect(kept).toEqual([])
})
