import { type Hooks, isDrop } from '@xmppkit/hooks'
import type { BareJid, Jid } from '@xmppkit/jid'
import type { Awaitable } from '@xmppkit/runtime'
import { resourceVisible, type SessionRecord, type Sessions } from '@xmppkit/sessions'
import { presence, type Stanza } from '@xmppkit/stanza'
import { blocklistOf } from './blocklist.js'
import type { BlockingContacts } from './ports.js'

/** What telling contacts needs. */
export interface BlockingPresenceDeps {
  readonly hooks: Pick<Hooks, 'fold' | 'has'>
  readonly sessions: Pick<Sessions, 'resources'>
  readonly route: (stanza: Stanza) => Awaitable<void>
  readonly contacts?: BlockingContacts
}

/** Shows contacts what being blocked looks like. */
export interface BlockingPresence {
  /** To who was blocked, the account has gone offline (XEP-0191 §3.3), if they could see it before. */
  hide(account: BareJid, jids: readonly Jid[]): Promise<void>
  /** To who was unblocked, it is there again (§3.4); and it asks whether they are. */
  show(account: BareJid, jids: readonly Jid[]): Promise<void>
}

/** Somebody whose address was blocked or unblocked. */
interface Affected {
  readonly jid: Jid
  /** Whether it is subscribed to the account's presence; if not, it may have been shown to it directly. */
  readonly subscribed: boolean
  /** Whether the account is subscribed to its presence. */
  readonly seen: boolean
}

/** Stanzas that go out before other streams get their turn (rule N-10). */
const batch = 250

/** Makes it for one host. */
export function createBlockingPresence(deps: BlockingPresenceDeps): BlockingPresence {
  const { hooks, sessions, route, contacts } = deps

  const affectedBy = async (account: BareJid, jids: readonly Jid[]): Promise<readonly Affected[]> => {
    const list = blocklistOf(jids)
    const known = (await contacts?.items(account)) ?? []
    const states = new Map(known.map(({ jid, subscription }) => [jid.toString(), subscription]))
    const affected = (jid: Jid): Affected => {
      const state = states.get(jid.bare.toString())
      return {
        jid,
        subscribed: state === 'from' || state === 'both',
        seen: state === 'to' || state === 'both',
      }
    }
    // Of a domain, those in the roster; of the rest, whoever was named.
    const atDomains = known.filter(({ jid }) => list.has(jid.domain) && !list.has(jid.toString()))
    return [...atDomains.map(({ jid }) => jid), ...list.values()].map(affected)
  }

  // Whoever knows who may see a session knows of directed presence too (RFC 6121 §4.6).
  const maySee = async ({ jid, subscribed }: Affected, session: SessionRecord): Promise<boolean> => {
    if (subscribed) return true
    if (jid.isDomain || !hooks.has(resourceVisible)) return false
    const question = presence({ type: 'probe', from: jid, to: session.jid })
    const visible = await hooks.fold(resourceVisible, true, { stanza: question, session })
    return !isDrop(visible) && visible
  }

  const pair = async (
    account: BareJid,
    jids: readonly Jid[],
    say: (one: Affected, session: SessionRecord) => Awaitable<Stanza | undefined>,
  ) => {
    const available = sessions.resources(account).filter((session) => session.presence !== undefined)
    if (available.length === 0) return
    let asked = 0
    for (const one of await affectedBy(account, jids)) {
      for (const session of available) {
        const stanza = await say(one, session)
        if (stanza) await route(stanza)
        asked += 1
        if (asked % batch === 0) await nextTurn()
      }
    }
  }

  return {
    hide: (account, jids) =>
      pair(account, jids, async (one, session) =>
        (await maySee(one, session))
          ? presence({ type: 'unavailable', from: session.jid, to: one.jid })
          : undefined,
      ),
    async show(account, jids) {
      await pair(account, jids, async (one, session) =>
        (await maySee(one, session)) ? session.presence?.with({ to: one.jid }) : undefined,
      )
      await pair(account, jids, ({ jid, seen }, session) =>
        seen ? presence({ type: 'probe', from: session.jid, to: jid.bare }) : undefined,
      )
    },
  }
}

const nextTurn = () => new Promise<void>((resume) => setImmediate(resume))
