import type { IncomingMessage } from 'node:http'
import type { AddressGate } from '@xmppkit/access'
import type { Clock, Ids, Logger } from '@xmppkit/runtime'
import type { Alarms, ConnectionSink, Transport } from '@xmppkit/stream'
import type { OriginCheck } from './origins.js'
import type { Peer } from './peer.js'
import type { Visitors } from './visitors.js'

/** What every way in over HTTP has in common. */
export interface Front {
  /** Takes a new connection and answers what is to be told of its bytes. */
  readonly accept: (transport: Transport) => ConnectionSink
  readonly clock: Clock
  readonly ids: Ids
  readonly logger: Logger
  /** One timer for all connections. */
  readonly alarms: Alarms
  readonly readPeer: (request: IncomingMessage) => Peer
  readonly origins: OriginCheck
  readonly visitors: Visitors
  /** Counts connections by address. */
  readonly gate: AddressGate
  /** Nobody new is let in any more. */
  readonly isClosed: () => boolean
}
