import { accountVisible, createDisco, type Disco, discoInfoGet } from '@xmppkit/disco'
import { createHooks, type Hooks } from '@xmppkit/hooks'
import { createIq, type Iq } from '@xmppkit/iq'
import { createCountingIds, createManualClock, type ManualClock, silentLogger } from '@xmppkit/runtime'
import { type Codec, iq as iqStanza, readStanzaError, type Stanza } from '@xmppkit/stanza'
import type { Element } from '@xmppkit/xml'

/** Blocks wired by hand, for tests: questions go in, answers come out. */
export interface IqScene {
  readonly iq: Iq
  readonly disco: Disco
  readonly hooks: Hooks
  readonly clock: ManualClock
  /** Sends a request and returns its one answer. */
  send(type: 'get' | 'set', to: string, from: string, payload: Element): Promise<Stanza>
  /** Asks and returns the decoded answer, or the condition of the error. */
  ask<Q, R>(
    definition: { request: Codec<Q>; result: Codec<R> | undefined },
    request: Q,
    to: string,
    from: string,
  ): Promise<R | string | undefined>
  /** The features a server or an account is said to have. */
  features(to: string): Promise<readonly string[]>
}

/** Makes a scene in which `romeo@montague.example` may see everybody's presence. */
export function createIqScene(): IqScene {
  const answers: Stanza[] = []
  const clock = createManualClock(Date.UTC(2006, 11, 19, 17, 58, 35))
  const hooks = createHooks({
    onError(error) {
      throw error
    },
  })
  const iq = createIq({
    route: (stanza) => void answers.push(stanza),
    interceptReplies: () => ({ [Symbol.dispose]() {} }),
    clock,
    ids: createCountingIds('id'),
    logger: silentLogger,
  })
  const disco = createDisco({ iq, hooks })
  hooks.on(
    accountVisible,
    (visible, { asker }) => visible || asker.bare.toString() === 'romeo@montague.example',
  )

  async function send(type: 'get' | 'set', to: string, from: string, payload: Element): Promise<Stanza> {
    await iq.dispatch(
      iqStanza({ type, id: 'q1', to, from }, payload),
      to.includes('@') ? 'account' : 'server',
    )
    const [answer, ...more] = answers.splice(0)
    if (answer === undefined || more.length > 0) throw new Error('not exactly one answer')
    return answer
  }
  async function ask<Q, R>(
    definition: { request: Codec<Q>; result: Codec<R> | undefined },
    request: Q,
    to: string,
    from: string,
  ) {
    const answer = await send('get', to, from, definition.request.encode(request))
    if (answer.type !== 'result') return readStanzaError(answer)?.condition
    return definition.result && answer.payload(definition.result)
  }
  return {
    iq,
    disco,
    hooks,
    clock,
    send,
    ask,
    async features(to) {
      const answer = await ask(discoInfoGet, {}, to, to.includes('@') ? to : 'stranger@capulet.example/x')
      if (typeof answer !== 'object') throw new Error('no disco#info')
      return answer.features.map((feature) => feature.var)
    },
  }
}
