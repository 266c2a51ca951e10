import { createShaper, type Shaper, type ShaperDefinition } from '@xmppkit/access'
import type { BareJid, Jid } from '@xmppkit/jid'
import type { Clock } from '@xmppkit/runtime'

/** How fast one session may go. */
export interface PaceOptions {
  /** Bytes and stanzas per second; whoever is faster is read more slowly. `undefined` lifts the limit. */
  readonly shaper: ShaperDefinition | undefined
  /** Different accounts and domains a session may write to within the window. */
  readonly maxRecipients: number
  /** Length of that window. */
  readonly recipientsWindowMs: number
}

/** Counts what a session sends. */
export class Pace {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #options: PaceOptions
  readonly #shaper: Shaper | undefined
  #last: BareJid | undefined
  // Only while a window is open and there was more than one recipient in it.
  #recipients: Set<string> | undefined
  #windowEndsAt = 0

  constructor(clock: Pick<Clock, 'monotonic'>, options: PaceOptions) {
    this.#clock = clock
    this.#options = options
    this.#shaper = options.shaper === undefined ? undefined : createShaper({ clock }, options.shaper)
  }

  /** A stanza of this size came in. Answers how long to read nothing further, in milliseconds. */
  spent(bytes: number): number {
    return this.#shaper?.spent(bytes, 1) ?? 0
  }

  /** Whether the session may write to this address too. */
  mayReach(to: Jid): boolean {
    const { maxRecipients, recipientsWindowMs } = this.#options
    const { bare } = to
    if (maxRecipients === Number.POSITIVE_INFINITY || this.#last?.equals(bare)) return true
    const now = this.#clock.monotonic()
    if (this.#recipients === undefined || now >= this.#windowEndsAt) {
      this.#recipients = new Set()
      this.#windowEndsAt = now + recipientsWindowMs
    }
    const key = bare.toString()
    if (!this.#recipients.has(key)) {
      if (this.#recipients.size >= maxRecipients) return false
      this.#recipients.add(key)
    }
    this.#last = bare
    return true
  }
}
