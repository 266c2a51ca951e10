import {
  account,
  address,
  boolean,
  type Commands,
  defineCommand,
  integer,
  list,
  optional,
  record,
  text,
  time,
} from '@xmppkit/commands'
import { disposable } from '@xmppkit/runtime'
import type { Inbox } from './inbox.js'

/** What {@link registerInboxCommands} needs. */
export interface InboxCommandsDeps {
  /** Where commands are registered. */
  readonly commands: Pick<Commands, 'register'>
  /** What they are about. */
  readonly inbox: Pick<Inbox, 'page' | 'totals' | 'markRead' | 'remove'>
}

const tags = ['inbox']
const maxListed = 1000
const count = integer({ min: 0 })

/**
 * Registers the commands about inboxes: `get_inbox`, `get_unread_count`, `mark_conversation_read` and
 * `remove_inbox_for_user`.
 *
 * @example
 * ```ts
 * scope.use(registerInboxCommands({ commands, inbox }))
 * ```
 */
export function registerInboxCommands(deps: InboxCommandsDeps): Disposable {
  const { commands, inbox } = deps
  const registered = [
    commands.register(listCommand(inbox)),
    commands.register(countCommand(inbox)),
    commands.register(markCommand(inbox)),
    commands.register(removeCommand(inbox)),
  ]
  return disposable(() => {
    for (const one of registered) one[Symbol.dispose]()
  })
}

function listCommand(inbox: InboxCommandsDeps['inbox']) {
  const entry = record({ jid: text(), unread: count, id: text(), at: time() })
  return defineCommand({
    name: 'get_inbox',
    tags,
    policy: 'user',
    description:
      'Lists conversations of an account, the latest first, with the number of unread messages and the id in the archive of the newest one; the next page begins after an id',
    args: {
      account: account(),
      unread_only: optional(boolean()),
      max: optional(integer({ min: 1, max: maxListed })),
      after: optional(text()),
    },
    result: list(entry, { max: maxListed }),
    async run({ account: owner, unread_only: unreadOnly = false, max, after }) {
      const { entries } = await inbox.page(owner, {
        unreadOnly,
        ...(max !== undefined && { max }),
        ...(after !== undefined && { after }),
      })
      return entries.map(({ jid, unread, cursor, at }) => ({ jid: jid.toString(), unread, id: cursor, at }))
    },
  })
}

function countCommand(inbox: InboxCommandsDeps['inbox']) {
  return defineCommand({
    name: 'get_unread_count',
    tags,
    policy: 'user',
    description: 'Counts the conversations of an account, those with unread messages, and unread messages',
    args: { account: account() },
    result: record({ conversations: count, unread_conversations: count, unread_messages: count }),
    async run(args) {
      const { total, unread, allUnread } = await inbox.totals(args.account)
      return { conversations: total, unread_conversations: unread, unread_messages: allUnread }
    },
  })
}

function markCommand(inbox: InboxCommandsDeps['inbox']) {
  return defineCommand({
    name: 'mark_conversation_read',
    tags,
    policy: 'user',
    description:
      'Marks a conversation of an account as read, all of it or up to a message by its id in the archive; tells whether that changed anything',
    args: { account: account(), with: address(), id: optional(text()) },
    result: boolean(),
    run: (args) =>
      inbox.markRead(
        args.account,
        args.with.bare,
        args.id === undefined ? { by: 'newest' } : { by: 'archive-id', id: args.id },
      ),
  })
}

function removeCommand(inbox: InboxCommandsDeps['inbox']) {
  return defineCommand({
    name: 'remove_inbox_for_user',
    tags,
    description:
      'Forgets what an account has read; its messages stay in the archive, and those not answered are unread',
    destructive: true,
    args: { account: account() },
    result: integer({ description: 'conversations that were marked as read' }),
    run: (args) => inbox.remove(args.account),
  })
}
