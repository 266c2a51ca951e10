import { createHooks } from '@xmppkit/hooks'
import { parseJid } from '@xmppkit/jid'
import { silentLogger, systemClock } from '@xmppkit/runtime'
import { message, type Stanza } from '@xmppkit/stanza'
import { textFromWire } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { fakeSession, online } from './fake-session.js'
import { createSessions } from './sessions.js'
import { archivedAs, bouncePacket, fateListener, offlineMessage } from './tokens.js'

const juliet = parseJid('juliet@example.com').bare

function scene(accountExists: () => Promise<boolean> = async () => true) {
  const hooks = createHooks({ onError() {} })
  const routed: string[] = []
  const sessions = createSessions({
    hooks,
    clock: systemClock,
    logger: silentLogger,
    route: (stanza) => void routed.push(textFromWire(stanza.toWire())),
    accountExists,
    accountIq() {},
  })
  const fates: string[] = []
  const deliver = async (change: (stanza: Stanza) => Stanza = (stanza) => stanza) => {
    const stanza = message({ from: 'romeo@example.net/o', to: juliet, type: 'chat', body: 'hi' })
    await sessions.deliver(change(stanza).withMeta(fateListener, (fate) => void fates.push(fate)))
    return fates.splice(0)
  }
  return { hooks, sessions, routed, deliver }
}

describe('who sends in this process hears what became of a message', () => {
  test('a session took it; it waits; nobody wanted it', async () => {
    const { hooks, sessions, deliver, routed } = scene()
    const headline = (stanza: Stanza) => stanza.with({ type: 'headline' })
    expect(await deliver(headline)).toEqual(['discarded'])
    expect(await deliver()).toEqual([])
    expect(routed).toHaveLength(1)
    const storing = hooks.on(offlineMessage, (value) => ({ ...value, action: 'stored' }))
    expect(await deliver()).toEqual(['stored'])
    storing[Symbol.dispose]()
    await online(sessions, fakeSession('juliet@example.com/balcony'))
    expect(await deliver()).toEqual(['delivered'])
  })

  test('what is in the archive of its addressee is stored there, though nobody takes it', async () => {
    const { hooks, deliver } = scene()
    hooks.on(bouncePacket, (value) => ({ ...value, action: 'discard' }))
    expect(await deliver()).toEqual(['discarded'])
    expect(await deliver((stanza) => stanza.withMeta(archivedAs, { by: juliet, id: '1' }))).toEqual([
      'stored',
    ])
  })
})

test('E-3: while nobody can say whether there is an account, senders are told to try again', async () => {
  const { deliver, routed } = scene(() => Promise.reject(new Error('down')))
  await deliver()
  expect(routed).toEqual([expect.stringMatching(/<error type="wait"><internal-server-error /)])
  await deliver((stanza) => stanza.with({ type: 'headline' }))
  expect(routed).toHaveLength(2)
})
