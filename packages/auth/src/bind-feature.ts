import { type BareJid, type FullJid, JidError, prepareResource, tryParseJid } from '@xmppkit/jid'
import { type Awaitable, type Ids, isThenable, type Logger } from '@xmppkit/runtime'
import { errorReplyTo, isStanzaError, isStreamError, NS, StanzaError, StreamError } from '@xmppkit/stanza'
import type { FeatureIo, StreamChange, StreamFeature, StreamState } from '@xmppkit/stream'
import { Element, type RawElement } from '@xmppkit/xml'

const bindElement = new Element('bind', { xmlns: NS.bind })
const sessionElement = new Element('session', { xmlns: NS.session })
sessionElement.c('optional')

/** What {@link bindFeature} needs. */
export interface BindFeatureDeps {
  /**
   * Opens the session and answers with its address, which may have another resource than the one wanted (B-3). May throw
   * a `StanzaError` such as `conflict` (B-4) or `resource-constraint` (B-5).
   *
   * @param account - who is authenticated
   * @param resource - the resource wanted, prepared; generated if the client left the choice to the server
   */
  bind(account: BareJid, resource: string, state: StreamState): Awaitable<FullJid>
  /** Makes resources nobody can guess. */
  readonly ids: Ids
  /** Gets what goes wrong inside. */
  readonly logger: Pick<Logger, 'error'>
}

/**
 * Makes resource binding a feature of streams (RFC 6120 §7): offered once the client is authenticated, taken once.
 *
 * @example
 * ```ts
 * const bind = bindFeature({ bind: (account, resource) => account.withResource(resource), ids: randomIds, logger })
 * ```
 */
export function bindFeature(deps: BindFeatureDeps): StreamFeature {
  return {
    name: 'bind',
    ns: NS.bind,
    offered: (state) => state.authenticated !== undefined && state.bound === undefined,
    required: () => true,
    advertise: () => bindElement,
    handles: (el, state) => isRequest(el, 'bind', NS.bind, state),
    negotiate: (el, io) => answered(el, io, deps.logger, () => bind(el, deps, io)),
    refuse(el, io) {
      if (io.state.authenticated === undefined) throw new StreamError('not-authorized')
      return answered(el, io, deps.logger, () => {
        throw new StanzaError('not-allowed', { text: 'a resource is bound already' })
      })
    },
  }
}

/**
 * Answers the session request of RFC 3921, which old clients still send: offered as optional, never needed (B-6).
 *
 * @example
 * ```ts
 * const features = [starttlsFeature(), sasl, bind, sessionFeature()]
 * ```
 */
export function sessionFeature(deps: { readonly logger: Pick<Logger, 'error'> }): StreamFeature {
  return {
    name: 'session',
    ns: NS.session,
    offered: (state) => state.authenticated !== undefined,
    advertise: () => sessionElement,
    handles: (el, state) => isRequest(el, 'session', NS.session, state),
    negotiate: (el, io) =>
      answered(el, io, deps.logger, () => {
        const { bound } = io.state
        checkShape(el)
        if (bound === undefined) throw new StanzaError('not-allowed', { text: 'bind a resource first' })
        io.send(resultOf(el, bound))
        return {}
      }),
    refuse() {
      throw new StreamError('not-authorized')
    },
  }
}

function bind(el: RawElement, deps: BindFeatureDeps, io: FeatureIo): Awaitable<StreamChange> {
  checkShape(el)
  const { authenticated } = io.state
  if (authenticated === undefined) throw new StreamError('not-authorized')
  const wanted = resourceWanted(el) ?? deps.ids.next()
  const succeed = (bound: FullJid): StreamChange => {
    const payload = new Element('bind', { xmlns: NS.bind })
    payload.c('jid').t(bound.toString())
    io.send(resultOf(el, bound, payload))
    return { bound }
  }
  const bound = deps.bind(authenticated, wanted, io.state)
  return isThenable(bound) ? bound.then(succeed) : succeed(bound)
}

// RFC 6120 §7.6.1: `<bind/>` is empty or holds one resource; a resource of zero length is none that can be bound.
function resourceWanted(el: RawElement): string | undefined {
  const request = el.child('bind', NS.bind)
  if (request === undefined || request.children.length === 0) return undefined
  const resource = request.child('resource', NS.bind)
  if (resource === undefined || request.children.length > 1 || resource.children.length > 0) {
    throw new StanzaError('bad-request', { text: 'bind takes one resource' })
  }
  try {
    return prepareResource(resource.text())
  } catch (error) {
    if (error instanceof JidError)
      throw new StanzaError('bad-request', { text: 'the resource is not usable' })
    throw error
  }
}

// An iq with that child, to the server or the own account; one to anybody else is none of our business.
function isRequest(
  el: RawElement,
  name: string,
  ns: string,
  { domain, authenticated }: StreamState,
): boolean {
  if (el.name !== 'iq' || el.ns !== NS.client || !el.has(name, ns)) return false
  const to = el.attr('to')
  if (to === undefined) return true
  const jid = tryParseJid(to)
  if (jid === undefined) return false
  return (jid.isDomain && jid.domain === domain) || (authenticated !== undefined && jid.equals(authenticated))
}

function checkShape(el: RawElement): void {
  const id = el.attr('id')
  if (el.attr('type') === 'set' && id !== undefined && id !== '' && el.children.length === 1) return
  throw new StanzaError('bad-request', { text: 'an iq of type set with an id and one child is expected' })
}

function answered(
  el: RawElement,
  io: FeatureIo,
  logger: Pick<Logger, 'error'>,
  work: () => Awaitable<StreamChange>,
): Awaitable<StreamChange> {
  const type = el.attr('type')
  // answers are never answered, and nobody asked for this one.
  if (type === 'result' || type === 'error') return {}
  const refuse = (error: unknown): StreamChange => {
    const reply = errorReplyTo(el, asStanzaError(error, logger), {})
    if (reply !== undefined) io.send(reply)
    return {}
  }
  try {
    const change = work()
    return isThenable(change) ? change.then(undefined, refuse) : change
  } catch (error) {
    return refuse(error)
  }
}

function asStanzaError(error: unknown, logger: Pick<Logger, 'error'>): StanzaError {
  if (isStanzaError(error)) return error
  // A stream error is for the engine: it ends the stream.
  if (isStreamError(error)) throw error
  logger.error('a resource could not be bound', { error })
  return new StanzaError('internal-server-error')
}

function resultOf(el: RawElement, to: FullJid, payload?: Element): Element {
  const result = new Element('iq', {
    xmlns: NS.client,
    type: 'result',
    id: el.attr('id') ?? '',
    to: to.toString(),
  })
  if (payload !== undefined) result.cnode(payload)
  return result
}
