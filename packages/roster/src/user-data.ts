import type { UserDataName, UserDataPart, UserDataPiece } from '@xmppkit/auth'
import { type BareJid, parseJid } from '@xmppkit/jid'
import { NS } from '@xmppkit/stanza'
import { Element, parseElement, type RawElement, textFromWire } from '@xmppkit/xml'
import type { RosterItem, RosterItemChange, RosterStore } from './ports.js'
import type { Subscription } from './subscription.js'

const query: UserDataName = { name: 'query', ns: NS.roster }
/** What was approved before it was asked for, and is not in the roster (RFC 6121 §3.4). */
const approvedNs = 'urn:xmppkit:export:0'
const subscriptions: readonly string[] = ['none', 'to', 'from', 'both'] satisfies Subscription[]

/** Rosters as a part of what is kept for accounts (XEP-0227 §4.4, §4.9). */
export function rosterData(store: RosterStore): UserDataPart {
  const change = async (
    account: BareJid,
    contact: BareJid,
    next: (now: RosterItem | undefined) => RosterItemChange,
  ) => {
    await store.update(account, contact, next)
  }
  return {
    name: 'roster',
    async *export(account): AsyncIterable<UserDataPiece> {
      const { items } = await store.load(account)
      for (const item of items) if (item.listed) yield { element: itemElement(item), within: query }
      for (const item of items) if (item.approved && !item.listed) yield { element: approvedElement(item) }
      for (const item of items) if (item.pendingIn) yield { element: requestOf(item, account) }
    },
    reads: [
      { ...query, each: true },
      { name: 'presence', ns: NS.client },
      { name: 'pre-approved', ns: approvedNs },
    ],
    async import(account, element, within) {
      if (within !== undefined) return importItem(element, (contact, next) => change(account, contact, next))
      if (element.ns === NS.client && element.attr('type') !== 'subscribe') return
      const isRequest = element.ns === NS.client
      const contact = parseJid(element.attr(isRequest ? 'from' : 'jid') ?? '').bare
      const request = textFromWire(element.toWire())
      await change(account, contact, (now) => ({
        ...(now ?? unlisted(contact)),
        ...(isRequest ? { pendingIn: true, request } : { approved: true }),
      }))
    },
    remove: async (account) => (await store.removeAll(account)).length,
    accounts: (domain, page) => store.accounts(domain, page),
  }
}

function unlisted(jid: BareJid): RosterItemChange {
  return {
    jid,
    groups: [],
    subscription: 'none',
    pendingOut: false,
    pendingIn: false,
    approved: false,
    listed: false,
  }
}

async function importItem(
  element: RawElement,
  change: (contact: BareJid, next: (now: RosterItem | undefined) => RosterItemChange) => Promise<void>,
): Promise<void> {
  const contact = parseJid(element.attr('jid') ?? '').bare
  const subscription = element.attr('subscription') ?? 'none'
  // RFC 6121 §2.1.2.5: others tell clients of removals, and are no state.
  if (element.name !== 'item' || !subscriptions.includes(subscription)) return
  const name = element.attr('name')
  const groups = element.children.flatMap((child, at) =>
    child.name === 'group' && child.ns === NS.roster ? [element.childAt(at).text()] : [],
  )
  const approved = element.attr('approved')
  await change(contact, (now) => ({
    ...(now ?? unlisted(contact)),
    groups: [...new Set(groups)],
    ...(name !== undefined && { name }),
    subscription: subscription as Subscription,
    pendingOut: element.attr('ask') === 'subscribe',
    approved: approved === 'true' || approved === '1',
    listed: true,
  }))
}

function itemElement({ jid, name, subscription, pendingOut, approved, groups }: RosterItem): Element {
  const element = new Element('item', {
    xmlns: NS.roster,
    jid: jid.toString(),
    ...(name !== undefined && { name }),
    subscription,
    ...(pendingOut && { ask: 'subscribe' }),
    ...(approved && { approved: 'true' }),
  })
  for (const group of groups) element.c('group').t(group)
  return element
}

const approvedElement = ({ jid }: RosterItem) =>
  new Element('pre-approved', { xmlns: approvedNs, jid: jid.toString() })

function requestOf({ jid, request }: RosterItem, account: BareJid): Element | RawElement {
  if (request !== undefined) return parseElement(request)
  const names = { from: jid.toString(), to: account.toString() }
  return new Element('presence', { xmlns: NS.client, type: 'subscribe', ...names })
}
