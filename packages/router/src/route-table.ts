import { prepareDomain } from '@xmppkit/jid'
import type { Awaitable } from '@xmppkit/runtime'
import type { Stanza } from '@xmppkit/stanza'
import type { Instance } from './balancing.js'
import { RouterError } from './errors.js'

/** Takes responsibility for a stanza; may throw a StanzaError, which is then the answer. */
export type StanzaHandler = (stanza: Stanza) => Awaitable<void>

/** How a route is registered. */
export interface RouteOptions {
  /** Name for whoever looks at the routes. */
  readonly label?: string
  /** Bucket of this route where several serve one domain, from 0. @default the lowest that is free */
  readonly instance?: number
  /** Refuses to share the domain with another route. @default false */
  readonly exclusive?: boolean
}

/** A route as others see it. */
export interface RouteInfo extends Instance {
  /** Name given when it was registered. */
  readonly label: string | undefined
}

/** One registered route. */
export interface Route extends RouteInfo {
  /** Where its stanzas go. */
  readonly handler: StanzaHandler
  /** Whether it refuses company. */
  readonly exclusive: boolean
}

/** Routes by domain. */
export interface RouteTable {
  /** Routes of a domain, sorted by bucket; undefined if there are none. */
  find(domain: string): readonly Route[] | undefined
  /** Adds a route; throws RouterError. */
  add(domain: string, handler: StanzaHandler, options: RouteOptions): Disposable
  /** All domains that have routes. */
  domains(): string[]
}

/** Makes an empty table; `changed` hears of domains that come and go. */
export function createRouteTable(
  { maxRoutes }: { readonly maxRoutes: number },
  changed: (domain: string, served: boolean) => void,
): RouteTable {
  const table = new Map<string, readonly Route[]>()
  let total = 0

  function remove(domain: string, route: Route): void {
    const routes = table.get(domain)
    if (!routes?.includes(route)) return
    total -= 1
    const rest = routes.filter((other) => other !== route)
    if (rest.length > 0) return void table.set(domain, rest)
    table.delete(domain)
    changed(domain, false)
  }

  return {
    find: (domain) => table.get(domain),
    domains: () => [...table.keys()],
    add(text, handler, options) {
      const domain = prepareDomain(text)
      const routes = table.get(domain) ?? []
      if (total >= maxRoutes) throw new RouterError('router/limit', `there are ${maxRoutes} routes already`)
      const route = makeRoute(domain, routes, handler, options)
      total += 1
      table.set(
        domain,
        [...routes, route].sort((a, b) => a.instance - b.instance),
      )
      if (routes.length === 0) changed(domain, true)
      return { [Symbol.dispose]: () => remove(domain, route) }
    },
  }
}

function makeRoute(
  domain: string,
  others: readonly Route[],
  handler: StanzaHandler,
  { label, instance, exclusive = false }: RouteOptions,
): Route {
  if (others.length > 0 && (exclusive || others.some((other) => other.exclusive))) {
    throw new RouterError('router/domain-taken', `${domain} has a route already`)
  }
  if (instance !== undefined && !(Number.isSafeInteger(instance) && instance >= 0)) {
    throw new RouterError('router/invalid-instance', 'an instance is a number from 0')
  }
  return { handler, label, exclusive, instance: instance ?? lowestFree(others) }
}

function lowestFree(routes: readonly Route[]): number {
  const taken = new Set(routes.map(({ instance }) => instance))
  let free = 0
  while (taken.has(free)) free += 1
  return free
}
