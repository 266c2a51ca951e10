import { type Drop, type Hooks, isDrop } from '@xmppkit/hooks'
import type { Iq, IqRequest, IqTarget } from '@xmppkit/iq'
import type { BareJid, FullJid, Jid } from '@xmppkit/jid'
import { type Awaitable, disposable, isThenable } from '@xmppkit/runtime'
import { NS, StanzaError } from '@xmppkit/stanza'
import { type RawElement, rawElement } from '@xmppkit/xml'
import type { DiscoRequest } from './disco-request.js'
import type { EntityCaps } from './entity-caps.js'
import {
  type DiscoIdentity,
  type DiscoInfo,
  type DiscoInfoResult,
  type DiscoItem,
  discoInfoGet,
  discoInfoResult,
  discoItemsGet,
} from './payloads.js'
import {
  createRegistry,
  type DiscoExtension,
  type DiscoPlace,
  type DiscoSource,
  type DiscoSourceHandle,
} from './registry.js'
import { accountVisible, discoInfo, discoItems } from './tokens.js'
import { capsHash, compareOctets } from './verification-string.js'

/** Collaborators of {@link createDisco}. */
export interface DiscoDeps {
  /** Answers the requests; what it handles is listed among the features. */
  readonly iq: Pick<Iq, 'handle' | 'namespaces'>
  /** Where {@link accountVisible}, {@link discoInfo} and {@link discoItems} are run. */
  readonly hooks: Pick<Hooks, 'fold'>
  /** Knows the resources of an account; without it none are listed. */
  readonly sessions?: {
    /** Sessions of an account, with the presence they sent if they are available. */
    resources(account: BareJid): readonly { readonly jid: FullJid; readonly presence: unknown }[]
  }
}

/** What {@link createDisco} can be told. */
export interface DiscoOptions {
  /** Name of the server's identity, shown to users and anybody who asks. @default 'xmppkit' */
  readonly name?: string
  /** URI of the software in its entity capabilities (XEP-0115 §4). @default 'urn:xmppkit' */
  readonly capsNode?: string
}

/** What {@link createDisco} uses for options not given. */
export const discoDefaults = Object.freeze({ name: 'xmppkit', capsNode: 'urn:xmppkit' })

/** Service discovery of the domains of a host and of the accounts on them. */
export interface Disco extends Disposable {
  /** Lists features of servers or accounts until disposed. */
  addFeature(target: IqTarget, feature: string | readonly string[], place?: DiscoPlace): Disposable
  /** Says what servers or accounts are, besides what is said by default. */
  addIdentity(target: IqTarget, identity: DiscoIdentity, place?: DiscoPlace): Disposable
  /** Lists something servers or accounts have. */
  addItem(target: IqTarget, item: DiscoItem, place?: DiscoPlace): Disposable
  /** Adds fields of a form (XEP-0128). Fields of one `FORM_TYPE` become one form, values of one field one list. */
  addExtension(target: IqTarget, extension: DiscoExtension, place?: DiscoPlace): Disposable
  /** Asks a source, too, what the servers of single domains are: for many domains, each with a face of its own. */
  addSource(source: DiscoSource): DiscoSourceHandle
  /**
   * Answers a disco#info question.
   *
   * @throws StanzaError `service-unavailable` if the asker may not know whether the account exists, `item-not-found`
   * for a node nobody knows
   */
  info(request: DiscoRequest): Awaitable<DiscoInfo>
  /**
   * Answers a disco#items question: nothing, if the asker may not know whether the account exists.
   *
   * @throws StanzaError `item-not-found` for a node nobody knows
   */
  items(request: DiscoRequest): Promise<readonly DiscoItem[]>
  /** Whether somebody may learn that an account exists and is online; see {@link accountVisible}. */
  mayQuery(account: BareJid, asker: Jid): Awaitable<boolean>
  /** What a server announces of itself: a hash of its disco#info (XEP-0115). */
  caps(domain: string): EntityCaps
}

/**
 * Makes the service discovery of a host (XEP-0030) and answers the requests that come to it.
 *
 * @example
 * ```ts
 * const disco = createDisco({ iq, hooks, sessions })
 * scope.use(disco)
 * scope.use(disco.addFeature('server', 'urn:xmpp:ping'))
 * scope.use(disco.addItem('server', { jid: parseJid('rooms.example.com') }, { domain: 'example.com' }))
 * ```
 */
export function createDisco(deps: DiscoDeps, options: DiscoOptions = {}): Disco {
  const { name, capsNode } = Object.freeze({ ...discoDefaults, ...options })
  const { iq, hooks, sessions } = deps
  const registry = createRegistry()
  // By what was said of them, which is the same object until that changes.
  const entities = new WeakMap<DiscoInfo, KnownEntity>()
  const addFeature: Disco['addFeature'] = (target, feature, place) => {
    const features = typeof feature === 'string' ? [feature] : feature
    return all(features.map((one) => registry.add(target, { kind: 'feature', feature: one }, place)))
  }
  const addIdentity: Disco['addIdentity'] = (target, identity, place) =>
    registry.add(target, { kind: 'identity', identity }, place)

  function entity(target: IqTarget, domain: string): KnownEntity {
    const said = registry.info(target, domain, undefined) ?? nothingSaid
    const namespaces = iq.namespaces(target)
    const known = entities.get(said)
    if (known?.namespaces === namespaces) return known
    const features = [...new Set([...said.features, ...namespaces])].sort(compareOctets)
    const fresh: KnownEntity = {
      namespaces,
      info: Object.freeze({ ...said, features }),
      caps: undefined,
      answer: undefined,
    }
    entities.set(said, fresh)
    return fresh
  }

  function caps(domain: string): EntityCaps {
    const server = entity('server', domain)
    server.caps ??= Object.freeze({ hash: 'sha-1', node: capsNode, ver: capsHash(server.info) })
    return server.caps
  }

  function info(request: DiscoRequest): Awaitable<DiscoInfo> {
    const { target, to, node } = request
    if (target === 'server') {
      // The node of our own hash is the server itself (XEP-0115 §6.2).
      const isServer = node === undefined || node === `${capsNode}#${caps(to.domain).ver}`
      return isServer ? entity('server', to.domain).info : infoOfNode(request)
    }
    const visible = mayQuery(to.bare, request.from)
    return isThenable(visible)
      ? visible.then((seen) => accountInfo(seen, request))
      : accountInfo(visible, request)
  }

  function accountInfo(visible: boolean, request: DiscoRequest): Awaitable<DiscoInfo> {
    // XEP-0030 §8: the same answer for an account that does not exist and for one that may not be seen.
    if (!visible) throw new StanzaError('service-unavailable')
    return infoOfNode(request)
  }

  function infoOfNode(request: DiscoRequest): Awaitable<DiscoInfo> {
    const { target, to, node } = request
    const start = node === undefined ? entity(target, to.domain).info : registry.info(target, to.domain, node)
    const folded = hooks.fold(discoInfo, start, request)
    return isThenable(folded) ? folded.then(known) : known(folded)
  }

  function answerInfo(
    target: IqTarget,
    { to, payload: { node } }: IqRequest<{ readonly node?: string }>,
    answer: DiscoInfo,
  ): RawElement | DiscoInfoResult {
    const own = node === undefined ? entity(target, to.domain) : undefined
    if (own?.info !== answer) return discoInfoResult(answer, node)
    // Most ask this, and it is the same for all of them.
    own.answer ??= rawElement(discoInfoGet.result!.encode(discoInfoResult(answer, undefined)))
    return own.answer
  }

  async function items(request: DiscoRequest): Promise<readonly DiscoItem[]> {
    const { target, to, node } = request
    // XEP-0030 §8: nothing, for an account that does not exist and for one that may not be seen.
    if (target === 'account' && !(await mayQuery(to.bare, request.from))) return []
    const registered = registry.items(target, to.domain, node)
    const resources = target === 'account' && node === undefined ? availableResources(to.bare) : []
    return known(await hooks.fold(discoItems, registered && [...resources, ...registered], request))
  }

  function availableResources(account: BareJid): DiscoItem[] {
    const found = sessions?.resources(account) ?? []
    return found.filter((one) => one.presence !== undefined).map(({ jid }) => ({ jid }))
  }

  function mayQuery(account: BareJid, asker: Jid): Awaitable<boolean> {
    if (asker.bare.equals(account)) return true
    const visible = hooks.fold(accountVisible, false, { account, asker })
    return isThenable(visible) ? visible.then((value) => value === true) : visible === true
  }

  const registrations = all([
    addIdentity('server', { category: 'server', type: 'im', name }),
    addIdentity('account', { category: 'account', type: 'registered' }),
    addFeature('server', [NS.discoInfo, NS.discoItems, NS.caps]),
    addFeature('account', [NS.discoInfo, NS.discoItems]),
    ...(['server', 'account'] as const).flatMap((target) => [
      iq.handle(discoInfoGet, target, (request) => {
        const answer = info(question(target, request))
        return isThenable(answer)
          ? answer.then((value) => answerInfo(target, request, value))
          : answerInfo(target, request, answer)
      }),
      iq.handle(discoItemsGet, target, async (request) => {
        return { ...request.payload, items: await items(question(target, request)) }
      }),
    ]),
  ])

  return {
    addFeature,
    addIdentity,
    addItem: (target, item, place) => registry.add(target, { kind: 'item', item }, place),
    addSource: (source) => registry.addSource(source),
    addExtension: (target, extension, place) => registry.add(target, { kind: 'extension', extension }, place),
    info,
    items,
    mayQuery,
    caps,
    [Symbol.dispose]: () => registrations[Symbol.dispose](),
  }
}

/** An entity as it was put together last; its parts are made when they are asked for. */
interface KnownEntity {
  readonly namespaces: readonly string[]
  readonly info: DiscoInfo
  caps: EntityCaps | undefined
  answer: RawElement | undefined
}

const nothingSaid: DiscoInfo = Object.freeze({ identities: [], features: [], forms: [] })

function question(target: IqTarget, request: IqRequest<{ readonly node?: string }>): DiscoRequest {
  const { from, to, payload, stanza } = request
  const { node } = payload
  // XEP-0030 §4.2: a node is not null; clients that send an empty one mean none.
  return {
    target,
    from,
    to,
    ...(node ? { node } : {}),
    ...(stanza.lang === undefined ? {} : { lang: stanza.lang }),
  }
}

function known<T>(answer: T | undefined | Drop): T {
  if (answer === undefined || isDrop(answer)) throw new StanzaError('item-not-found')
  return answer
}

/** One handle on several registrations. */
function all(registrations: readonly Disposable[]): Disposable {
  return disposable(() => {
    for (const one of registrations) one[Symbol.dispose]()
  })
}
