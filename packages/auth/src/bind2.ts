import { createHash } from 'node:crypto'
import { type BareJid, type FullJid, JidError, prepareResource } from '@xmppkit/jid'
import { type Awaitable, type Ids, isThenable, type Logger } from '@xmppkit/runtime'
import { isStanzaError, isStreamError, NS, StanzaError } from '@xmppkit/stanza'
import type { StreamState } from '@xmppkit/stream'
import { Element, type RawElement } from '@xmppkit/xml'
import {
  createFeatureRegistry,
  type FeatureList,
  type FeatureRegistry,
  type InlineAnswer,
  type InlineContext,
  type InlineFeature,
  inlineSeq,
} from './inline-features.js'
import type { UserAgent } from './user-agent.js'

/** A session that was bound, as far as this package knows it. */
export interface Bind2Session {
  /** Its address. */
  readonly jid: FullJid
}

/** A session that is being bound, for those who take part. */
export interface Bind2Context<S extends Bind2Session = Bind2Session> {
  /** The session, which is open; the client does not know it yet. */
  readonly session: S
  /** What is known of its stream. */
  readonly state: StreamState
  /** The client's `<bind/>`. */
  readonly request: RawElement
  /** What the client says of itself. */
  readonly userAgent: UserAgent
}

/** Something a client may want for its new session from the first moment (XEP-0386 §3.2): carbons, acks, quiet. */
export interface Bind2Feature<S extends Bind2Session = Bind2Session> {
  /** For logs: `carbons`. */
  readonly name: string
  /** Its place among the others, ascending; what has to see the session as it will be comes late. */
  readonly seq: number
  /** Listed in `<inline/>`: the namespace or feature of service discovery, such as `urn:xmpp:carbons:2`. None if absent. */
  readonly feature?: string
  /** Whether a `<bind/>` asks anything of it. Return true to take part in every one. */
  wants(request: RawElement): boolean
  /**
   * Takes part.
   *
   * @returns what goes into `<bound/>`, if anything. An error is logged, and the session is there all the same
   */
  negotiate(context: Bind2Context<S>): Awaitable<Element | undefined>
}

/** What {@link createBind2} needs. */
export interface Bind2Deps<S extends Bind2Session> {
  /**
   * Opens the session. May throw a `StanzaError` such as `conflict` (B-4) or `resource-constraint` (B-5).
   *
   * @param account - who is authenticated
   * @param resource - the resource it is to have
   * @param login - how it came about
   */
  bind(account: BareJid, resource: string, login: InlineContext): Awaitable<S>
  /** Makes resources nobody can guess, for clients that do not say who they are. */
  readonly ids: Ids
  /** Gets what goes wrong inside. */
  readonly logger: Pick<Logger, 'error'>
}

/** Binding in one step with the login. */
export interface Bind2<S extends Bind2Session = Bind2Session> extends FeatureList<Bind2Feature<S>> {
  /** Put it among the inline features of {@link sasl2Feature}. */
  readonly feature: InlineFeature
}

/**
 * Makes Bind 2 (XEP-0386). A client that names its installation gets the same resource each time; one that does not gets a
 * random one.
 *
 * @example
 * ```ts
 * const bind2 = createBind2({ bind: async (account, resource) => open(account.withResource(resource)), ids, logger })
 * inline.add(bind2.feature)
 * bind2.add({ name: 'carbons', seq: 50, feature: NS.carbons, wants: (bind) => bind.has('enable', NS.carbons), negotiate })
 * ```
 */
export function createBind2<S extends Bind2Session>(deps: Bind2Deps<S>): Bind2<S> {
  const features = createFeatureRegistry<Bind2Feature<S>>()
  let listed: readonly Bind2Feature<S>[] = []
  let element = advertisement(listed)
  const advertise = (): Element => {
    // The same list is written once.
    if (listed !== features.all()) {
      listed = features.all()
      element = advertisement(listed)
    }
    return element
  }
  return {
    add: features.add,
    feature: {
      name: 'bind2',
      seq: inlineSeq.bind,
      binds: true,
      advertise,
      wants: ({ element }) => element.has('bind', NS.bind2),
      negotiate: (context) => bind(deps, features, context),
    },
  }
}

function advertisement(features: readonly { readonly feature?: string }[]): Element {
  const el = new Element('bind', { xmlns: NS.bind2 })
  const listed = features.filter(({ feature }) => feature !== undefined)
  if (listed.length === 0) return el
  const inline = el.c('inline')
  for (const { feature } of listed) inline.c('feature', { var: feature })
  return el
}

async function bind<S extends Bind2Session>(
  deps: Bind2Deps<S>,
  features: FeatureRegistry<Bind2Feature<S>>,
  context: InlineContext,
): Promise<InlineAnswer> {
  const { element, userAgent, state, account } = context
  const request = element.child('bind', NS.bind2)
  if (request === undefined) return {}
  try {
    const opened = deps.bind(account, resourceFor(request, context, deps.ids), context)
    const session = isThenable(opened) ? await opened : opened
    const bound = new Element('bound', { xmlns: NS.bind2 })
    for (const child of await answers(deps, features, { session, state, request, userAgent })) {
      bound.cnode(child)
    }
    return { element: bound, bound: session.jid }
  } catch (error) {
    return { element: failedElement(error, deps.logger) }
  }
}

async function answers<S extends Bind2Session>(
  { logger }: Bind2Deps<S>,
  features: FeatureRegistry<Bind2Feature<S>>,
  context: Bind2Context<S>,
): Promise<Element[]> {
  const elements: Element[] = []
  for (const feature of features.all()) {
    if (!feature.wants(context.request)) continue
    try {
      const answer = feature.negotiate(context)
      const element = isThenable(answer) ? await answer : answer
      if (element !== undefined) elements.push(element)
    } catch (error) {
      logger.error('a new session could not have what it wanted', { error, feature: feature.name })
    }
  }
  return elements
}

/** The tag and, behind it, what is the same for one installation of a client and tells nobody its id (§3.2.1). */
function resourceFor(request: RawElement, { account, userAgent }: InlineContext, ids: Ids): string {
  const tag = request.childText('tag', NS.bind2)?.trim() ?? ''
  const own =
    userAgent.id === undefined
      ? ids.next()
      : createHash('sha256')
          .update(`bind2\0${account}\0${tag}\0${userAgent.id}`)
          .digest('base64url')
          .slice(0, stableCharacters)
  try {
    return prepareResource(tag === '' ? own : `${tag}/${own}`)
  } catch (error) {
    if (error instanceof JidError) throw new StanzaError('bad-request', { text: 'the tag is not usable' })
    throw error
  }
}

/** 96 bits: enough for no two clients of an account to meet. */
const stableCharacters = 16

// The XEP leaves open how a refusal looks. The client is logged in and may still bind in the other way (RFC 6120 §7).
function failedElement(error: unknown, logger: Pick<Logger, 'error'>): Element {
  if (isStreamError(error)) throw error
  if (!isStanzaError(error)) logger.error('a resource could not be bound', { error })
  const failed = new Element('failed', { xmlns: NS.bind2 })
  failed.c(isStanzaError(error) ? error.condition : 'internal-server-error', { xmlns: NS.stanzaErrors })
  return failed
}
