/**
 * Routes stanzas by destination domain; every stanza has exactly one outcome.
 *
 * @packageDocumentation
 */

export type { Balancing, BalancingKey, Instance } from './balancing.js'
export { type DomainHandlerDeps, domainHandler } from './domain-handler.js'
export { RouterError, type RouterErrorCode } from './errors.js'
export type { RouteInfo, RouteOptions, StanzaHandler } from './route-table.js'
export { createRouter, type Router, type RouterDeps, type RouterOptions, routerDefaults } from './router.js'
export { filterPacket, localSendToResource, routeRegistered, routeUnregistered } from './tokens.js'
