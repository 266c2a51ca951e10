import type { KeptStanza } from '@xmppkit/c2s'

const nothing: readonly KeptStanza[] = Object.freeze([])

/**
 * The stanzas a client has not acknowledged, oldest first, and the numbers that go with them: modulo 2 to the power of 32, by
 * position (XEP-0198 §4). The first ones have been written, the others wait for a connection.
 */
export class Unacknowledged {
  // None while it is empty: most sessions are idle.
  #stanzas: KeptStanza[] | undefined
  #acknowledged: number
  #written = 0
  #bytes = 0

  /** @param acknowledged - what counts as acknowledged at first */
  constructor(acknowledged = 0) {
    this.#acknowledged = acknowledged
  }

  /** How many there are. */
  get count(): number {
    return this.#stanzas?.length ?? 0
  }

  /** Their size. */
  get bytes(): number {
    return this.#bytes
  }

  /** How many of them were written. */
  get written(): number {
    return this.#written
  }

  /** What the client has acknowledged. */
  get acknowledged(): number {
    return this.#acknowledged
  }

  /** What the client may acknowledge at most. */
  get sent(): number {
    return (this.#acknowledged + this.#written) >>> 0
  }

  /** All of them. */
  get all(): readonly KeptStanza[] {
    return this.#stanzas ?? nothing
  }

  /** One more; `isWritten` tells whether it is on its way. */
  push(stanza: KeptStanza, isWritten: boolean): void {
    this.#stanzas ??= []
    this.#stanzas.push(stanza)
    this.#bytes += stanza.raw.size
    if (isWritten) this.#written += 1
  }

  /** All are on their way. */
  allWritten(): void {
    this.#written = this.count
  }

  /** Whether the client can have handled so many. */
  mayBe(h: number): boolean {
    return (h - this.#acknowledged) >>> 0 <= this.#written
  }

  /** The client has handled so many, which it may: takes out those that are new among them. */
  acknowledge(h: number): readonly KeptStanza[] {
    const count = (h - this.#acknowledged) >>> 0
    if (count === 0) return nothing
    const stanzas = this.#stanzas ?? []
    const done = stanzas.splice(0, count)
    if (stanzas.length === 0) this.#stanzas = undefined
    for (const { raw } of done) this.#bytes -= raw.size
    this.#acknowledged = h
    this.#written -= count
    return done
  }

  /** Takes out all. */
  clear(): readonly KeptStanza[] {
    const all = this.all
    this.#stanzas = undefined
    this.#written = this.#bytes = 0
    return all
  }
}
