/**
 * vCards of accounts and of the server (XEP-0054), and the hash of the photo in presence (XEP-0153).
 *
 * @packageDocumentation
 */
export { photoHashOf } from './photo-hash.js'
export { withPhotoHash } from './presence-hash.js'
export { vcardChanged, vcardSet } from './tokens.js'
export { vcardData } from './user-data.js'
export { createVCards, type VCards, type VCardsDeps } from './vcard.js'
export { registerVCardCommands, type VCardCommandsDeps } from './vcard-commands.js'
export { type ServerVCard, type VCardOptions, vcardDefaults } from './vcard-options.js'
