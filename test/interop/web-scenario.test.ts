import { Strophe } from 'strophe.js'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { PlainRequest } from './plain-request.js'
import { stanzaDriver } from './stanza-driver.js'
import { stropheDrivers } from './strophe-driver.js'
import { playScenario } from './web-scenario.js'
import { xmppClientDriver } from './xmpp-client-driver.js'

beforeAll(() => {
  Strophe.setLogLevel(Strophe.LogLevel.FATAL)
  // Node 20 has neither.
  vi.stubGlobal('WebSocket', WebSocket)
  vi.stubGlobal('XMLHttpRequest', PlainRequest)
})
afterAll(() => {
  vi.unstubAllGlobals()
})

test.each([...stropheDrivers, xmppClientDriver, stanzaDriver])(
  'W-2 W-5 BO-3 SM-4: two people chat with $name; a restart and a cut connection lose nothing',
  async (driver) => {
    await expect(playScenario(driver)).resolves.toBeUndefined()
  },
)
