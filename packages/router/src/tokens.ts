import { event, filter } from '@xmppkit/hooks'
import type { Stanza } from '@xmppkit/stanza'

/**
 * Every stanza the router gets, before anything else is decided; handlers may change or drop it.
 * A handler that throws keeps it from being delivered: a StanzaError is the answer, anything else becomes
 * `internal-server-error`. `filter_packet` of ejabberd.
 */
export const filterPacket = filter<Stanza>('router/filter-packet')

/** A domain has its first route now. `route_registered` of ejabberd. */
export const routeRegistered = event<{ readonly domain: string }>('router/route-registered')

/** A domain has lost its last route. `route_unregistered` of ejabberd. */
export const routeUnregistered = event<{ readonly domain: string }>('router/route-unregistered')

/**
 * What reaches a domain itself and is no request to the server: messages, presence, and anything to a resource of the
 * domain. Whoever deals with one returns `drop`; what is left is bounced or ignored. `local_send_to_resource_hook` of
 * ejabberd.
 */
export const localSendToResource = filter<Stanza>('router/local-send-to-resource')
