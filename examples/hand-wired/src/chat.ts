import { createHooks } from '@xmppkit/hooks'
import { createIq } from '@xmppkit/iq'
import type { BareJid, FullJid } from '@xmppkit/jid'
import { createOffline, type OfflineStore } from '@xmppkit/offline'
import { createRouter, domainHandler } from '@xmppkit/router'
import { createScope, type Logger, randomIds, systemClock } from '@xmppkit/runtime'
import { createSessions, type SessionHandle } from '@xmppkit/sessions'
import { attr, defineIq, element, readStanza, StanzaError, string, text } from '@xmppkit/stanza'
import { parseElement, textFromWire } from '@xmppkit/xml'

/** A request of our own: `<motto xmlns='urn:example:motto' house='Capulet'/>`. */
const motto = defineIq({
  type: 'get',
  request: element('motto', 'urn:example:motto', { house: attr('house', string) }),
  result: text('motto', 'urn:example:motto', string),
})

/** What is ours already: users, a table of messages, mottos. */
export interface World {
  isUser(account: BareJid): boolean
  store: OfflineStore
  mottos: ReadonlyMap<string, string>
  logger: Logger
}

/** Router, iq dispatcher, sessions and offline storage of one domain, over links that carry XML text. */
export function createChat(domain: string, { isUser, store, mottos, logger }: World) {
  const scope = createScope()
  const hooks = createHooks({
    onError: (cause, where) => logger.error('a listener failed', { cause, where }),
  })
  const shared = { hooks, logger, clock: systemClock, ids: randomIds }
  const { route, register, interceptReplies } = createRouter(shared)
  const iq = scope.use(createIq({ ...shared, route, interceptReplies }))
  const sessions = createSessions({
    ...shared,
    route,
    accountExists: isUser,
    accountIq: (stanza) => iq.dispatch(stanza, 'account'),
  })
  scope.use(createOffline({ ...shared, store, sessions }))
  const server = domainHandler({ hooks, account: sessions.deliver, server: (s) => iq.dispatch(s, 'server') })
  scope.use(register(domain, server))
  iq.handle(motto, 'server', ({ payload }) => {
    const words = mottos.get(payload.house)
    if (words === undefined) throw new StanzaError('item-not-found', { text: `no house ${payload.house}` })
    return words
  })

  return {
    /** Somebody whom our own transport has authenticated is there; `write` brings XML text to them. */
    async connect(jid: FullJid, write: (xml: string) => void) {
      const handle: SessionHandle = {
        sid: randomIds.next(),
        jid,
        deliver(stanza, done) {
          write(textFromWire(stanza.toWire()))
          done?.('delivered')
        },
        close: (error) => sessions.close(handle, error.condition),
      }
      await sessions.open(handle)
      return {
        /** They sent XML text: who they are is not theirs to say. */
        async receive(xml: string) {
          const stanza = readStanza(parseElement(xml)).with({ from: jid })
          if (stanza.kind === 'presence' && !stanza.to) await sessions.setPresence(handle, stanza)
          else await route(stanza.to ? stanza : stanza.with({ to: jid.bare }))
        },
        leave: async () => sessions.close(handle),
      }
    },
    close: () => scope.close(),
  }
}
