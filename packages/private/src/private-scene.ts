import { createHooks, type Hooks } from '@xmppkit/hooks'
import { createIq } from '@xmppkit/iq'
import { createCountingIds, createManualClock, silentLogger } from '@xmppkit/runtime'
import { iq as iqStanza, readStanzaError, type Stanza } from '@xmppkit/stanza'
import { createMemoryKeyValue, type KeyValue } from '@xmppkit/storage'
import { parseElement, textFromWire } from '@xmppkit/xml'
import type { PrivateOptions } from './private-options.js'
import { createPrivateStorage, type PrivateStorage } from './private-storage.js'

/** Blocks wired by hand, for the tests of this package. */
export interface PrivateScene {
  readonly hooks: Hooks
  readonly store: KeyValue
  readonly storage: PrivateStorage
  /** Sends a request with this in its query, and answers with what is in that of the result, or the condition of the error. */
  ask(type: 'get' | 'set', from: string, to: string, content: string): Promise<string>
}

/** Makes a scene. */
export function privateScene(
  options: PrivateOptions = {},
  store: KeyValue = createMemoryKeyValue(),
): PrivateScene {
  const answers: Stanza[] = []
  const hooks = createHooks({
    onError(error) {
      throw error
    },
  })
  const iq = createIq({
    route: (stanza) => void answers.push(stanza),
    interceptReplies: () => ({ [Symbol.dispose]() {} }),
    clock: createManualClock(),
    ids: createCountingIds('id'),
    logger: silentLogger,
  })
  const storage = createPrivateStorage({ store, hooks, sessions: { resources: () => [] }, iq }, options)
  return {
    hooks,
    store,
    storage,
    async ask(type, from, to, content) {
      const query = parseElement(`<query xmlns='jabber:iq:private'>${content}</query>`)
      await iq.dispatch(iqStanza({ type, id: '1', from, to }, query), to.includes('@') ? 'account' : 'server')
      const [answer, ...more] = answers.splice(0)
      if (answer === undefined || more.length > 0) throw new Error('not exactly one answer')
      if (answer.type === 'error') return String(readStanzaError(answer)?.condition)
      const result = answer.raw.child('query', 'jabber:iq:private')
      return result === undefined ? 'done' : textFromWire(result.content).replaceAll('"', "'")
    },
  }
}
