import type { InboxConversation, InboxMessage, InboxStore } from '@xmppkit/inbox'
import type { BareJid } from '@xmppkit/jid'
import type { Row, SqlDatabase, Step } from './database.js'
import { inboxStatements } from './inbox-statements.js'
import { fromMoment, toMoment } from './moments.js'
import type { Statements } from './statements.js'

/** Keeps read markers in the table `inbox_marks`, and finds everything else in that of archives, `archive_messages`. */
export function createSqlInboxStore(
  { db }: { readonly db: SqlDatabase },
  statements: Statements,
): InboxStore {
  const s = inboxStatements(statements)
  const write = async (lock: string, step: Step) => {
    const result = await db.write({ lock, steps: [step] })
    return typeof result === 'string' ? undefined : result[0]
  }
  const removeWith = async (account: BareJid, statement: typeof s.remove) => {
    const key = account.toString()
    return (await write(key, statement({ account: key })))?.changes ?? 0
  }

  return {
    async conversations(account, { limit, depth }) {
      const key = account.toString()
      const [rows, counted] = await Promise.all([
        db.read(s.conversations({ account: key, limit, depth })),
        db.read(s.countMarks({ account: key })),
      ])
      return { conversations: rows.map(toConversation), marks: Number(counted[0]?.count) }
    },
    async place(account, id) {
      const [row] = await db.read(s.place({ account: account.toString(), archive_id: id }))
      return row && Number(row.id)
    },
    async messages(account, places) {
      const rows = await db.read(s.messages({ account: account.toString(), ids: JSON.stringify(places) }))
      return rows.map(toMessage)
    },
    async mark(account, conversation, upTo, at) {
      const key = account.toString()
      const about = { account: key, domain: account.domain, with_bare: conversation.toString() }
      const id = upTo.by === 'newest' ? '' : upTo.id
      const result = await write(key, s.mark[upTo.by]({ ...about, upTo: id, marked_at: toMoment(at) }))
      const moved = result?.rows[0]
      return moved && String(moved.read_id)
    },
    prune: (account) => removeWith(account, s.prune),
    remove: (account) => removeWith(account, s.remove),
  }
}

function toConversation({ with_bare, last, message, unread }: Row): InboxConversation {
  return {
    with: String(with_bare),
    last: Number(last),
    unread: Number(unread),
    ...(message !== null && { message: Number(message) }),
  }
}

function toMessage({ id, archive_id, sent_at, stanza }: Row): InboxMessage {
  return {
    place: Number(id),
    id: String(archive_id),
    at: fromMoment(sent_at),
    stanza: String(stanza),
  }
}
