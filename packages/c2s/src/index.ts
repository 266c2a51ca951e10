/**
 * The client session, still without sockets: stream, authentication, binding, addressing rules, outbox.
 *
 * @packageDocumentation
 */

export type { C2sSession } from './session.js'
export {
  directedPresence,
  forbiddenSession,
  type SessionContext,
  selfPresence,
  userReceivePacket,
  userReceiveSeq,
  userSendPacket,
  userSendSeq,
} from './tokens.js'
