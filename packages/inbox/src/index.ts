/**
 * The inbox of an account (XEP-0430): its conversations with their last message and how many are unread, counted from the
 * archive.
 *
 * @packageDocumentation
 */

export { InboxError, type InboxErrorCode } from './errors.js'
export { createInbox, type Inbox, type InboxDeps } from './inbox.js'
export { type InboxCommandsDeps, registerInboxCommands } from './inbox-commands.js'
export { type InboxOptions, inboxDefaults } from './inbox-options.js'
export type { InboxEntry, InboxPage, InboxRequest, InboxTotals } from './inbox-page.js'
export {
  createMemoryInboxStore,
  type InboxLog,
  type InboxLogEntry,
  type MemoryInboxOptions,
  memoryInboxDefaults,
} from './memory-store.js'
export type {
  InboxConversation,
  InboxLimits,
  InboxListing,
  InboxMessage,
  InboxStore,
  ReadPoint,
} from './ports.js'
export { conversationRead } from './tokens.js'
