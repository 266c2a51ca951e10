/**
 * Typed stanzas and payloads: views, codec combinators, errors, data forms, result sets, delay.
 *
 * @packageDocumentation
 */
export {
  type IqInit,
  iq,
  type MessageInit,
  message,
  type PresenceInit,
  presence,
  type StanzaChild,
  type StanzaInit,
} from './builders.js'
export {
  childElement,
  childElements,
  detachedCopy,
  elementChildren,
  isElementNamed,
  localNameOf,
  namespaceOf,
  ownAttribute,
} from './child-elements.js'
export { type Codec, codecNames, type Infer, matches, type QName } from './codec.js'
export { DecodeError, type DecodeErrorCondition, isDecodeError } from './decode-error.js'
export { type MetaKey, metaKey } from './meta-key.js'
export { NS } from './namespaces.js'
export { checkIq, readPriority, readStanza, stanzaKind } from './read-stanza.js'
export {
  decodeErrorAnswer,
  type ErrorReplyAddresses,
  errorReply,
  errorReplyTo,
  maxEchoBytes,
  mayAnswerWithError,
  readStanzaError,
  resultReply,
} from './replies.js'
export {
  isSaslFailure,
  SaslFailure,
  type SaslFailureCondition,
  type SaslFailureOptions,
  saslFailureConditions,
  saslFailureElement,
  saslFailureFrom,
} from './sasl-failure.js'
export type {
  IqType,
  Kind,
  MessageType,
  PresenceType,
  Stanza,
  StanzaChanges,
  StanzaType,
  StanzaWireOptions,
} from './stanza.js'
export {
  isStanzaError,
  StanzaError,
  type StanzaErrorCondition,
  type StanzaErrorOptions,
  type StanzaErrorType,
  stanzaErrorElement,
  stanzaErrorFrom,
  stanzaErrorTypes,
} from './stanza-error.js'
export {
  isStreamError,
  StreamError,
  type StreamErrorCondition,
  type StreamErrorOptions,
  streamErrorConditions,
  streamErrorElement,
  streamErrorFrom,
} from './stream-error.js'
