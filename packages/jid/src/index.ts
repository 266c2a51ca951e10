/**
 * XMPP addresses (RFC 7622) with PRECIS preparation (RFC 8264, 8265), immutable and pinned to one Unicode version.
 *
 * @packageDocumentation
 */
export { prepareDomain } from './domain.js'
export { JidError, type JidErrorCode, type JidPart } from './errors.js'
export {
  type BareJid,
  type FullJid,
  isBareJid,
  isFullJid,
  Jid,
  type JidParts,
  makeJid,
  parseJid,
  tryParseJid,
} from './jid.js'
/** The Unicode version all preparation is pinned to. */
export const unicodeVersion: string = '17.0.0'
export { prepareLocalpart, prepareNickname, preparePassword, prepareResource } from './profiles.js'
