import { createHooks } from '@xmppkit/hooks'
import { isBareJid, parseJid } from '@xmppkit/jid'
import { createManualClock, silentLogger } from '@xmppkit/runtime'
import { expect, test } from 'vitest'
import { fakeSession, read } from './fake-session.js'
import { createMemoryRegistry } from './memory-registry.js'
import type { SessionRegistry } from './ports.js'
import { createSessions } from './sessions.js'
import { presenceSet, sessionClosed, sessionOpened } from './tokens.js'

/** A registry whose changes take a moment, as one that tells other machines. */
function slowRegistry(): SessionRegistry {
  const memory = createMemoryRegistry()
  return {
    ...memory,
    async put(entry) {
      await Promise.resolve()
      await memory.put(entry)
    },
    async remove(sid) {
      await Promise.resolve()
      await memory.remove(sid)
    },
  }
}

test('nobody is told before the registry has taken a change', async () => {
  const hooks = createHooks({ onError: (error) => expect.unreachable(String(error)) })
  const sessions = createSessions({
    hooks,
    clock: createManualClock(),
    logger: silentLogger,
    route: () => undefined,
    accountExists: () => true,
    accountIq: () => undefined,
    registry: slowRegistry(),
  })
  const jid = parseJid('juliet@example.com')
  if (!isBareJid(jid)) throw new Error('unreachable')
  const seen: unknown[] = []
  hooks.on(sessionOpened, () => void seen.push(['opened', sessions.resources(jid).length]))
  hooks.on(presenceSet, () => void seen.push(['available', sessions.resources(jid)[0]?.priority]))
  hooks.on(sessionClosed, () => void seen.push(['closed', sessions.resources(jid).length]))
  const desk = fakeSession('juliet@example.com/desk')
  await sessions.open(desk)
  await sessions.setPresence(desk, read('<presence/>'))
  await sessions.close(desk)
  expect(seen).toEqual([
    ['opened', 1],
    ['available', 0],
    ['closed', 0],
  ])
})
