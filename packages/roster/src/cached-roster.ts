import type { BareJid } from '@xmppkit/jid'
import type { Roster, RosterItem, RosterUpdate } from './ports.js'

// Where there are fewer, looking through them takes less than a map would cost.
const fewItems = 16
const noItems: readonly RosterItem[] = Object.freeze([])

/** A roster in memory. It is what is answered with, so that an answer makes nothing, and never changes. */
export class CachedRoster implements Roster {
  readonly version: number
  readonly items: readonly RosterItem[]
  /** What it counts as: its items, each one more for every so many characters of text; one if there are none. */
  readonly #cost: number
  #byContact: ReadonlyMap<string, RosterItem> | undefined

  constructor({ version, items }: Roster) {
    this.version = version
    this.items = items.length === 0 ? noItems : items
    this.#cost = items.reduce((sum, item) => sum + costOf(item), 1)
  }

  get cost(): number {
    return this.#cost
  }

  /** The item of a contact. */
  itemOf(contact: BareJid): RosterItem | undefined {
    const { items } = this
    if (items.length < fewItems) return items.find(({ jid }) => jid.equals(contact))
    this.#byContact ??= new Map(items.map((item) => [item.jid.toString(), item]))
    return this.#byContact.get(contact.toString())
  }

  /** The roster after an update; items stay in the order of their versions. */
  after(contact: BareJid, { item, version }: RosterUpdate): CachedRoster {
    const items = this.items.filter(({ jid }) => !jid.equals(contact))
    if (item) items.push(item)
    return new CachedRoster({ version, items })
  }
}

function costOf({ name = '', groups, request = '' }: RosterItem): number {
  let length = name.length + request.length
  for (const group of groups) length += group.length
  return 1 + Math.floor(length / 512)
}
