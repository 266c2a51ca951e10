import { type Disco, discoInfo, discoItems } from '@xmppkit/disco'
import type { Hooks } from '@xmppkit/hooks'
import type { Iq } from '@xmppkit/iq'
import { type BareJid, type Jid, tryParseJid } from '@xmppkit/jid'
import { type Clock, createScope } from '@xmppkit/runtime'
import type { SessionRecord, Sessions } from '@xmppkit/sessions'
import {
  attr,
  boundedString,
  children,
  type DataForm,
  defineIq,
  element,
  flag,
  NS,
  oneOf,
  optionalAttr,
  StanzaError,
} from '@xmppkit/stanza'
import { Element, parseElement } from '@xmppkit/xml'
import type { Offline } from './offline.js'
import type { OfflineMessage, OfflineStore } from './ports.js'
import { replay } from './replay.js'

/** Collaborators of {@link createFlexibleRetrieval}. */
export interface FlexibleRetrievalDeps {
  /** Where messages wait. */
  readonly store: OfflineStore
  /** Whose flood is switched off for those who retrieve themselves. */
  readonly offline: Pick<Offline, 'retrievesItself'>
  /** Finds the session that asks, and the way to it. */
  readonly sessions: Pick<Sessions, 'resources' | 'deliverTo'>
  /** Where requests come in. */
  readonly iq: Pick<Iq, 'handle'>
  /** Where the feature and the node are announced. */
  readonly disco: Pick<Disco, 'addFeature' | 'addIdentity'>
  /** Fills in what the node holds. */
  readonly hooks: Pick<Hooks, 'on'>
  /** Tells what has expired. */
  readonly clock: Clock
}

const id = boundedString({ min: 1, max: 1024 })
const offlineQuery = element('offline', NS.flexibleOffline, {
  fetch: flag('fetch', NS.flexibleOffline),
  purge: flag('purge', NS.flexibleOffline),
  items: children(
    element('item', NS.flexibleOffline, {
      action: optionalAttr('action', oneOf('view', 'remove')),
      node: attr('node', id),
    }),
    { max: 1000 },
  ),
})
const view = defineIq({ type: 'get', request: offlineQuery })
const change = defineIq({ type: 'set', request: offlineQuery })

/** Messages handed over or listed at one time. */
const pageSize = 100

/**
 * Lets clients list, fetch and remove their waiting messages one by one (XEP-0013) instead of getting
 * them all at login.
 *
 * @example
 * ```ts
 * scope.use(createFlexibleRetrieval({ store, offline, sessions, iq, disco, hooks, clock }))
 * ```
 */
export function createFlexibleRetrieval(deps: FlexibleRetrievalDeps): AsyncDisposable {
  const { store, clock, sessions, disco, hooks } = deps
  const scope = createScope()
  const node = NS.flexibleOffline

  const sessionOf = (from: Jid, account: BareJid): SessionRecord => {
    if (!from.bare.equals(account)) throw new StanzaError('forbidden')
    const session = sessions.resources(account).find((one) => one.jid.equals(from))
    if (!session) throw new StanzaError('forbidden')
    deps.offline.retrievesItself(session)
    return session
  }

  const pages = async function* (account: BareJid): AsyncGenerator<readonly OfflineMessage[]> {
    let after = ''
    for (;;) {
      const page = await store.list(account, { after, limit: pageSize, now: clock.now() })
      if (page.length === 0) return
      yield page
      after = page.at(-1)!.id
    }
  }

  const existing = async (account: BareJid, ids: readonly string[]): Promise<OfflineMessage[]> => {
    const found = await Promise.all(ids.map((one) => store.get(account, one)))
    return found.map((message) => {
      if (!message) throw new StanzaError('item-not-found')
      return message
    })
  }

  // Each copy names its node, by which the client removes it afterwards (XEP-0013 §2.4).
  const hand = async (session: SessionRecord, message: OfflineMessage) => {
    const mark = new Element('offline', { xmlns: node })
    mark.c('item', { node: message.id })
    const copy = replay(message, session.jid.domain, clock).add(mark)
    await sessions.deliverTo(session.sid, copy)
  }

  scope.use(
    deps.iq.handle(view, 'account', async ({ from, to, payload }) => {
      const session = sessionOf(from, to.bare)
      if (payload.fetch) {
        for await (const page of pages(to.bare)) for (const message of page) await hand(session, message)
        return
      }
      if (payload.items.length === 0) throw new StanzaError('bad-request')
      for (const message of await existing(
        to.bare,
        payload.items.map((item) => item.node),
      )) {
        await hand(session, message)
      }
    }),
  )
  scope.use(
    deps.iq.handle(change, 'account', async ({ from, to, payload }) => {
      sessionOf(from, to.bare)
      if (payload.purge) {
        await store.removeAll(to.bare)
        return
      }
      const ids = payload.items.map((item) => item.node)
      if (ids.length === 0) throw new StanzaError('bad-request')
      await existing(to.bare, ids)
      await store.ack(to.bare, ids)
    }),
  )

  scope.use(disco.addFeature('server', node))
  scope.use(disco.addIdentity('account', { category: 'automation', type: 'message-list' }, { node }))
  scope.use(disco.addFeature('account', node, { node }))
  scope.use(
    hooks.on(discoInfo, async (info, request) => {
      if (request.node !== node || request.target !== 'account' || !info) return info
      sessionOf(request.from, request.to.bare)
      const count = await store.count(request.to.bare, clock.now())
      return { ...info, forms: [...info.forms, countForm(count)] }
    }),
  )
  scope.use(
    hooks.on(discoItems, async (items, request) => {
      if (request.node !== node || request.target !== 'account') return items
      sessionOf(request.from, request.to.bare)
      const found = [...(items ?? [])]
      for await (const page of pages(request.to.bare)) {
        found.push(
          ...page.map((message) => ({ jid: request.to.bare, node: message.id, name: senderOf(message) })),
        )
      }
      return found
    }),
  )
  return scope
}

function countForm(count: number): DataForm {
  return {
    type: 'result',
    instructions: [],
    items: [],
    fields: [
      { var: 'FORM_TYPE', type: 'hidden', values: [NS.flexibleOffline], options: [] },
      { var: 'number_of_messages', values: [count.toString()], options: [] },
    ],
  }
}

function senderOf(message: OfflineMessage): string {
  const from = tryParseJid(parseElement(message.stanza).attr('from') ?? '')
  return from?.toString() ?? ''
}
