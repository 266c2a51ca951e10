import { type Disco, type DiscoItem, discoInfo, discoItems } from '@xmppkit/disco'
import type { Hooks } from '@xmppkit/hooks'
import type { Iq } from '@xmppkit/iq'
import { type BareJid, type Jid, tryParseJid } from '@xmppkit/jid'
import { type Clock, createScope, type Logger } from '@xmppkit/runtime'
import type { SessionRecord, Sessions } from '@xmppkit/sessions'
import { type DataForm, NS, type Stanza, StanzaError } from '@xmppkit/stanza'
import { Element, parseElement } from '@xmppkit/xml'
import { type FlexibleOfflineItem, flexibleOfflineGet, flexibleOfflineSet } from './flexible-payload.js'
import { createHandovers, type Handover } from './handover.js'
import type { Offline } from './offline.js'
import { type OfflineOptions, offlineDefaults } from './offline-options.js'
import type { OfflineMessage, OfflineStore } from './ports.js'

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
  /** Tells what has expired, and how long a client may take. */
  readonly clock: Pick<Clock, 'now' | 'after'>
  /** Told of messages that cannot be read. */
  readonly logger: Logger
}

/** The node that stands for the waiting messages. */
const node = NS.flexibleOffline
/** Messages handed over or listed at one time. */
const pageSize = 100
/** Accounts that fetch at one time. */
const maxFetching = 100
const label = 'offline'

/**
 * Lets clients count, list, fetch and remove their waiting messages one by one (XEP-0013) instead of getting
 * them all at login. Whoever asks is not flooded any more, nor are the other resources of the account as long as
 * that session is there. Fetched messages stay until they are removed.
 *
 * Of the options, `releaseBytes` and `leaseMs` count: how much is under way to a client, and how long it may take.
 *
 * @example
 * ```ts
 * scope.use(createFlexibleRetrieval({ store, offline, sessions, iq, disco, hooks, clock, logger }))
 * ```
 */
export function createFlexibleRetrieval(
  deps: FlexibleRetrievalDeps,
  options: OfflineOptions = {},
): AsyncDisposable {
  const { releaseBytes, leaseMs } = Object.freeze({ ...offlineDefaults, ...options })
  const { store, clock, sessions, disco, hooks, iq } = deps
  const handovers = createHandovers(deps)

  const sessionOf = (from: Jid, account: BareJid): SessionRecord => {
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

  const existing = async (account: BareJid, items: readonly FlexibleOfflineItem[]) => {
    const found = await Promise.all(items.map((item) => store.get(account, item.node)))
    return found.map((message) => {
      const hasExpired = message?.expiresAt !== undefined && message.expiresAt <= clock.now()
      if (!message || hasExpired) throw new StanzaError('item-not-found')
      return message
    })
  }

  const handoverTo = (session: SessionRecord): Handover =>
    handovers(session, {
      windowCount: pageSize,
      windowBytes: releaseBytes,
      timeoutMs: leaseMs,
      mark: markWithNode,
    })

  const hand = async (handover: Handover, messages: readonly OfflineMessage[], signal: AbortSignal) => {
    if ((await handover.give(messages, signal)) === 'given') return
    throw new StanzaError('resource-constraint', { text: 'This takes too long.' })
  }

  const scope = createScope()
  scope.use(
    iq.handle(
      flexibleOfflineGet,
      'account',
      async ({ from, to, payload, signal }) => {
        const handover = handoverTo(sessionOf(from, to.bare))
        if (payload.fetch) {
          for await (const page of pages(to.bare)) await hand(handover, page, signal)
        } else {
          await hand(handover, await existing(to.bare, chosen(payload.items, 'view')), signal)
        }
      },
      // Not in the client's stream: it must be able to say that it has received them.
      { concurrency: { perSender: maxFetching }, timeoutMs: leaseMs },
    ),
  )
  scope.use(
    iq.handle(flexibleOfflineSet, 'account', async ({ from, to, payload }) => {
      sessionOf(from, to.bare)
      if (payload.purge) {
        await store.removeAll(to.bare)
        return
      }
      const messages = await existing(to.bare, chosen(payload.items, 'remove'))
      await store.ack(
        to.bare,
        messages.map((message) => message.id),
      )
    }),
  )

  scope.use(disco.addFeature('server', node))
  scope.use(disco.addIdentity('account', { category: 'automation', type: 'message-list' }, { node }))
  scope.use(disco.addFeature('account', node, { node }))
  scope.use(
    hooks.on(
      discoInfo,
      async (info, request) => {
        if (request.node !== node || request.target !== 'account' || !info) return info
        sessionOf(request.from, request.to.bare)
        const count = await store.count(request.to.bare, clock.now())
        return { ...info, forms: [...info.forms, countForm(count)] }
      },
      { label },
    ),
  )
  scope.use(
    hooks.on(
      discoItems,
      async (items, request) => {
        if (request.node !== node || request.target !== 'account') return items
        sessionOf(request.from, request.to.bare)
        const found = [...(items ?? [])]
        for await (const page of pages(request.to.bare)) {
          found.push(...page.map((message) => headerOf(message, request.to.bare)))
        }
        return found
      },
      { label },
    ),
  )
  return scope
}

/** The items a request is about, which must say nothing else than what it is for. */
function chosen(
  items: readonly FlexibleOfflineItem[],
  action: 'view' | 'remove',
): readonly FlexibleOfflineItem[] {
  if (items.length === 0 || items.some((item) => item.action !== undefined && item.action !== action)) {
    throw new StanzaError('bad-request')
  }
  return items
}

// Each copy names its node, by which the client removes it afterwards (XEP-0013 §2.4).
function markWithNode(stanza: Stanza, { id }: OfflineMessage): Stanza {
  const mark = new Element('offline', { xmlns: node })
  mark.c('item', { node: id })
  return stanza.add(mark)
}

function countForm(count: number): DataForm {
  return {
    type: 'result',
    instructions: [],
    items: [],
    fields: [
      { var: 'FORM_TYPE', type: 'hidden', values: [node], options: [] },
      { var: 'number_of_messages', values: [count.toString()], options: [] },
    ],
  }
}

function headerOf(message: OfflineMessage, account: BareJid): DiscoItem {
  return { jid: account, node: message.id, name: senderOf(message) }
}

/** Who sent it; nobody, for a message that cannot be read. */
function senderOf({ stanza }: OfflineMessage): string {
  try {
    return tryParseJid(parseElement(stanza).attr('from') ?? '')?.toString() ?? ''
  } catch {
    return ''
  }
}
