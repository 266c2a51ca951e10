/**
 * XMPP addresses (RFC 7622) with PRECIS preparation (RFC 8264, 8265, 8266), immutable and pinned to one
 * Unicode version.
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
export { tablesVersion as unicodeVersion } from './precis-tables.generated.js'
export {
  nicknameKey,
  prepareLocalpart,
  prepareNickname,
  preparePassword,
  prepareResource,
} from './profiles.js'
