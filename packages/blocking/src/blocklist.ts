import type { BareJid, Jid } from '@xmppkit/jid'

/** Whom an account has blocked, by canonical address. Never changed: a later state is another map. */
export type Blocklist = ReadonlyMap<string, Jid>

/** The blocklist of who has blocked nobody. */
export const emptyBlocklist: Blocklist = new Map()

/** A blocklist of these addresses. */
export function blocklistOf(jids: Iterable<Jid>): Blocklist {
  const list = new Map<string, Jid>()
  for (const jid of jids) list.set(jid.toString(), jid)
  return list.size === 0 ? emptyBlocklist : list
}

/**
 * Whether an account's blocklist keeps somebody out (XEP-0191 §5): a resource, any resource of an account, a resource of a
 * domain, or a domain with everybody there. Three look-ups, however long the list is.
 *
 * Its own resources and its own server are never kept out, whatever the list says (§4, XEP-0016 §2.14).
 *
 * @example
 * ```ts
 * isBlocked(blocklistOf([parseJid('example.net')]), juliet, parseJid('romeo@example.net/orchard')) // true
 * ```
 */
export function isBlocked(list: Blocklist, account: BareJid, other: Jid): boolean {
  if (list.size === 0 || isOwn(account, other)) return false
  return list.has(other.bare.toString()) || list.has(other.domain) || list.has(other.toString())
}

/** Whether nothing but one resource is kept out, and not the account or domain it belongs to. */
export function isOnlyResourceBlocked(list: Blocklist, other: Jid): boolean {
  return list.has(other.toString()) && !list.has(other.bare.toString()) && !list.has(other.domain)
}

function isOwn(account: BareJid, other: Jid): boolean {
  if (other.domain !== account.domain) return false
  return other.local === account.local || other.isDomain
}
