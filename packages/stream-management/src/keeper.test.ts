import type { KeptSession } from '@xmppkit/c2s'
import { createManualClock } from '@xmppkit/runtime'
import type { StreamEnd } from '@xmppkit/stream'
import { parseElement } from '@xmppkit/xml'
import { expect, test } from 'vitest'
import { Keeper } from './keeper.js'
import { streamManagementDefaults } from './stream-management-options.js'

const lost: StreamEnd = { by: 'local', clean: false }
const raw = parseElement("<message xmlns='jabber:client'/>")

test('SM-7: a connection that breaks under the question is not waited for', async () => {
  const clock = createManualClock()
  const did: string[] = []
  const breaks = true
  const session = {
    connected: true,
    write: () => void did.push('write'),
    writeControl() {
      did.push('ask')
      if (!breaks) return
      session.connected = false
      keeper.outlives(lost)
    },
    beforeWrite() {},
    end: () => void did.push('end'),
  }
  const settings = { ...streamManagementDefaults, requestAfterStanzas: 1 }
  const deps = { clock, settings, wait: () => true, held() {}, ended() {} }
  const keeper = new Keeper(deps, session as unknown as KeptSession, { id: 'a', timeoutMs: 600_000 })
  keeper.keep({ raw, at: 0, ticket: undefined })
  keeper.writeTurn()
  expect(did.splice(0)).toEqual(['write', 'ask'])
  await clock.advance(settings.ackTimeoutMs)
  expect(did).toEqual([])
})
