import { type Bind2, createBind2, type InlineContext } from '@xmppkit/auth'
import type { C2sSession } from '@xmppkit/c2s'
import { createHooks } from '@xmppkit/hooks'
import { type BareJid, parseJid } from '@xmppkit/jid'
import { createCountingIds, silentLogger as logger } from '@xmppkit/runtime'
import { NS } from '@xmppkit/stanza'
import { parseElement } from '@xmppkit/xml'
import { expect, test } from 'vitest'
import { createClientState } from './client-state.js'

/** What a client that logs in with this `<bind/>` is told within `<bound/>`. */
async function bind(bind2: Bind2<C2sSession>, account: BareJid, wanted: string): Promise<string> {
  const element = parseElement(
    `<authenticate xmlns='${NS.sasl2}'><bind xmlns='${NS.bind2}'>${wanted}</bind></authenticate>`,
  )
  const context = { element, account, userAgent: {} } as InlineContext
  return String((await bind2.feature.negotiate(context)).element)
}

test('CSI-1: a session that is bound with its login begins in the state its client says', async () => {
  const jid = parseJid('juliet@example.com').bare.withResource('phone')
  const session = { sid: '1', jid } as C2sSession
  const bind2 = createBind2<C2sSession>({ bind: () => session, ids: createCountingIds('r'), logger })
  const hooks = createHooks({
    onError: (error) => {
      throw error
    },
  })
  const state = createClientState({ hooks, sessions: { resources: () => [] }, bind2 })
  expect(String(bind2.feature.advertise({} as never))).toContain(`<feature var="${NS.clientState}"/>`)
  const bound = `<bound xmlns="${NS.bind2}"/>`
  for (const [wanted, isInactive] of [
    ['', false],
    [`<active xmlns='${NS.clientState}'/>`, false],
    [`<inactive xmlns='${NS.clientState}'/>`, true],
  ] as const) {
    expect(await bind(bind2, jid.bare, wanted)).toBe(bound)
    expect(state.isInactive(session)).toBe(isInactive)
  }
  await state.close()
  expect(String(bind2.feature.advertise({} as never))).not.toContain('feature')
})

test('CSI-1: nothing is remembered of a session that has ended while it was bound', async () => {
  const jid = parseJid('juliet@example.com').bare.withResource('phone')
  const session = { sid: '1', jid, ended: true } as C2sSession
  const bind2 = createBind2<C2sSession>({ bind: () => session, ids: createCountingIds('r'), logger })
  const hooks = createHooks({ onError() {} })
  const state = createClientState({ hooks, sessions: { resources: () => [] }, bind2 })
  await bind(bind2, jid.bare, `<inactive xmlns='${NS.clientState}'/>`)
  expect(state.isInactive(session)).toBe(false)
})
