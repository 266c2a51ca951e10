/**
 * Typed stanzas and payloads: views, codec combinators, errors, data forms, result sets, delay.
 *
 * @packageDocumentation
 */
export { type ArchiveResult, archiveResult } from './archive-result.js'
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
export {
  type DataForm,
  dataForm,
  type FormField,
  type FormFieldType,
  type FormOption,
  formPurpose,
  resultForm,
} from './data-form.js'
export { DecodeError, type DecodeErrorCondition, isDecodeError } from './decode-error.js'
export { defineIq, type IqDefinition } from './define-iq.js'
export { type Delay, delay } from './delay.js'
export {
  type ChoiceValue,
  choice,
  element,
  type Shape,
  type ShapeValue,
  type Simplify,
  text,
} from './element.js'
export {
  attr,
  body,
  child,
  children,
  defaultMaxChildren,
  type Field,
  flag,
  type ListLimits,
  type Optional,
  optionalAttr,
  optionalChild,
  type RawOptions,
  raw,
} from './fields.js'
export { type Form, type FormShape, type FormTexts, type FormValue, form } from './form.js'
export {
  booleanField,
  type FormChoice,
  type FormEntry,
  type FormEntryOptions,
  formField,
  hiddenField,
  jidMulti,
  jidSingle,
  listMulti,
  listSingle,
  type RequiredOf,
  textMulti,
  textPrivate,
  textSingle,
} from './form-entries.js'
export { type Forwarded, forward, forwarded } from './forwarded.js'
export { type Hint, hasHint, hintElement, hintNames } from './hints.js'
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
export { type RsmRequest, type RsmResponse, rsmRequest, rsmResponse } from './rsm.js'
export {
  isSaslFailure,
  SaslFailure,
  type SaslFailureCondition,
  type SaslFailureOptions,
  saslFailureConditions,
  saslFailureElement,
  saslFailureFrom,
} from './sasl-failure.js'
export {
  bareJid,
  base64,
  bool,
  boundedString,
  dateTime,
  fullJid,
  int,
  intBetween,
  jid,
  oneOf,
  string,
  type Text,
} from './scalars.js'
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
