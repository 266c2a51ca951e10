/**
 * Your own code as a first-class user: messages in anybody's name, moderation, bots.
 *
 * @packageDocumentation
 */
export type { Bot, BotMessage, BotPresence, BotSetup } from './bot.js'
export { InProcessError, type InProcessErrorCode } from './errors.js'
export { createInProcess, type InProcess, type InProcessDeps } from './in-process.js'
export { type InProcessOptions, inProcessDefaults } from './in-process-options.js'
export {
  createMessageMiddleware,
  type MessageMiddleware,
  type MessageMiddlewareDeps,
  type ReviewerOptions,
  reviewSeq,
} from './message-middleware.js'
export type { MessageReview, MessageReviewer, ReviewVerdict } from './message-review.js'
export type { Rejected, SendOutcome, Sent } from './outcomes.js'
export type { OutgoingMessage } from './outgoing-message.js'
export type { Sender, Senders } from './sender.js'
