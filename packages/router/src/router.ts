import { type Hooks, isDrop } from '@xmppkit/hooks'
import { type Awaitable, isThenable, type Logger } from '@xmppkit/runtime'
import {
  decodeErrorAnswer,
  errorReply,
  isDecodeError,
  isStanzaError,
  type Stanza,
  StanzaError,
} from '@xmppkit/stanza'
import { type Balancing, chooseRoute } from './balancing.js'
import { createRouteTable, type RouteInfo, type RouteOptions, type StanzaHandler } from './route-table.js'
import { filterPacket, routeRegistered, routeUnregistered } from './tokens.js'

/** Collaborators of {@link createRouter}. */
export interface RouterDeps {
  /** Hooks of the whole server; every stanza passes `filterPacket` there. */
  readonly hooks: Pick<Hooks, 'fold' | 'run'>
  /** Told of unexpected errors. */
  readonly logger: Pick<Logger, 'error' | 'debug'>
  /** Takes stanzas for domains that have no route. @default they are answered with `remote-server-not-found` */
  readonly federation?: StanzaHandler
  /**
   * Tells which domains are ours although they have no route now, such as while a host restarts a module. What is for
   * them is answered with `service-unavailable`, type wait, and never given to the federation. @default none
   */
  readonly isLocal?: (domain: string) => boolean
  /** A random integer from 0 to below the argument, for `random` balancing. @default crypto.randomInt */
  readonly random?: (below: number) => number
}

/** Options of {@link createRouter}. */
export interface RouterOptions {
  /** How stanzas are spread where several routes serve one domain. @default { by: 'random' } */
  readonly balancing?: Balancing
  /** The same for single domains, by prepared name. @default {} */
  readonly balancingByDomain?: Readonly<Record<string, Balancing>>
  /** Most routes at a time; keeps a runaway caller from filling memory. @default 250000 */
  readonly maxRoutes?: number
}

/** What {@link createRouter} uses for options not given. */
export const routerDefaults = Object.freeze({
  balancing: Object.freeze({ by: 'random' }) as Balancing,
  balancingByDomain: Object.freeze({}) as Readonly<Record<string, Balancing>>,
  maxRoutes: 250_000,
})

/** Brings every stanza to whoever serves its domain. Hosts share one. */
export interface Router {
  /**
   * Routes a stanza: through `filterPacket`, to whoever waits for a reply, to a route of its domain, to the federation,
   * or back to its sender with an error. Never throws and never rejects. Returns a promise only if somebody on the way
   * did; once it has settled, the server has taken responsibility for the stanza.
   */
  route(stanza: Stanza): Awaitable<void>
  /**
   * Serves a domain. What the handler throws is answered for it: a StanzaError as it is, a malformed payload with
   * `bad-request`, anything else with `internal-server-error` and a line in the log.
   *
   * @param domain - the name; it is prepared
   * @throws JidError for what is no domain
   * @throws RouterError `router/domain-taken`, `router/limit`, `router/invalid-instance`
   */
  register(domain: string, handler: StanzaHandler, options?: RouteOptions): Disposable
  /** Tells whether a domain, given by its prepared name, has a route. */
  serves(domain: string): boolean
  /** All domains that have a route. */
  domains(): string[]
  /** The routes of a domain, given by its prepared name, in the order of their buckets. */
  routes(domain: string): readonly RouteInfo[]
  /** Shows every iq result and error to a function before it is routed; one for which it returns true ends there. */
  interceptReplies(accept: (iq: Stanza) => boolean): Disposable
  /**
   * Answers a stanza with an error. Does nothing for what must not be answered: errors, iq results, probes, unavailable
   * presence, and what has no sender. Never throws and never rejects.
   */
  bounce(stanza: Stanza, error: StanzaError): Awaitable<void>
}

/**
 * Makes a router without routes.
 *
 * @example
 * ```ts
 * const router = createRouter({ hooks, logger })
 * router.register('echo.example', (stanza) => router.route(stanza.with({ to: stanza.from, from: stanza.to })))
 * await router.route(message({ from: 'romeo@example.net', to: 'echo.example', body: 'Anybody here?' }))
 * ```
 */
export function createRouter(deps: RouterDeps, options: RouterOptions = {}): Router {
  const { hooks, logger, federation } = deps
  const settings = Object.freeze({ ...routerDefaults, ...options })
  const balancing = new Map(Object.entries(settings.balancingByDomain))
  const table = createRouteTable(settings, (domain, served) => {
    void hooks.run(served ? routeRegistered : routeUnregistered, { domain })
  })
  let interceptors: readonly ((iq: Stanza) => boolean)[] = []

  function route(stanza: Stanza): Awaitable<void> {
    try {
      const filtered = hooks.fold(filterPacket, stanza)
      if (filtered === stanza) return deliver(stanza)
      if (isThenable(filtered)) return routeFiltered(stanza, filtered as Promise<Stanza>)
      if (!isDrop(filtered)) return deliver(filtered as Stanza)
    } catch (error) {
      return answerFailure(stanza, error)
    }
  }

  async function routeFiltered(stanza: Stanza, pending: Promise<Stanza>): Promise<void> {
    let filtered: Stanza
    try {
      filtered = await pending
    } catch (error) {
      return answerFailure(stanza, error)
    }
    if (!isDrop(filtered)) return deliver(filtered)
  }

  function deliver(stanza: Stanza): Awaitable<void> {
    try {
      const done = dispatch(stanza)
      if (done === undefined) return
      return Promise.resolve(done).catch((error: unknown) => answerFailure(stanza, error))
    } catch (error) {
      return answerFailure(stanza, error)
    }
  }

  function dispatch(stanza: Stanza): Awaitable<void> {
    const { to } = stanza
    if (stanza.kind === 'iq' && (stanza.type === 'result' || stanza.type === 'error') && intercepted(stanza))
      return
    if (to === undefined) throw new StanzaError('bad-request', { text: 'a stanza needs an addressee here' })
    const routes = table.find(to.domain)
    if (routes !== undefined) {
      const policy = balancing.get(to.domain) ?? settings.balancing
      return chooseRoute(routes, stanza, policy, deps.random).handler(stanza)
    }
    if (deps.isLocal?.(to.domain)) throw new StanzaError('service-unavailable', { type: 'wait' })
    if (federation === undefined) throw new StanzaError('remote-server-not-found')
    return federation(stanza)
  }

  function intercepted(reply: Stanza): boolean {
    for (const accept of interceptors) {
      try {
        if (accept(reply)) return true
      } catch (error) {
        logger.error('looking for who waits for a reply failed', { error })
      }
    }
    return false
  }

  function answerFailure(stanza: Stanza, error: unknown): Awaitable<void> {
    if (isStanzaError(error)) return bounce(stanza, error)
    if (isDecodeError(error)) return bounce(stanza, decodeErrorAnswer(error))
    logger.error('stanza could not be routed', { ...summary(stanza), error })
    return bounce(stanza, new StanzaError('internal-server-error'))
  }

  function bounce(stanza: Stanza, error: StanzaError): Awaitable<void> {
    try {
      if (stanza.from === undefined) return
      const reply = errorReply(stanza, error)
      // A reply is an error, and errors are never answered, so this goes no deeper.
      return reply && route(reply)
    } catch (cause) {
      logger.error('error reply could not be made', { ...summary(stanza), error: cause })
    }
  }

  return {
    route,
    bounce,
    register: (domain, handler, about = {}) => table.add(domain, handler, about),
    serves: (domain) => table.find(domain) !== undefined,
    domains: () => table.domains(),
    routes: (domain) => (table.find(domain) ?? []).map(({ label, instance }) => ({ label, instance })),
    interceptReplies(accept) {
      // A function of its own, so that the same one given twice is taken out one at a time.
      const entry = (iq: Stanza) => accept(iq)
      interceptors = [...interceptors, entry]
      return {
        [Symbol.dispose]() {
          interceptors = interceptors.filter((other) => other !== entry)
        },
      }
    },
  }
}

function summary({ kind, type, from, to, id }: Stanza): Record<string, unknown> {
  return { kind, type, from, to, id }
}
