interface Waiting {
  readonly at: number
  readonly done: () => void
}

/** Who wants to know when what was written has been handed to the operating system. */
export class WriteReports {
  #written = 0
  #landed = 0
  #waiting: Waiting[] | undefined

  /** How much was written so far. */
  get written(): number {
    return this.#written
  }

  /** One more was written. */
  count(): void {
    this.#written += 1
  }

  /** Calls back once all that was written so far has landed. */
  await(done: () => void): void {
    if (this.#landed === this.#written) {
      done()
      return
    }
    this.#waiting ??= []
    this.#waiting.push({ at: this.#written, done })
  }

  /** One more has landed. */
  landed(): void {
    this.landedUpTo(this.#landed + 1)
  }

  /** One more never will; nobody hears of it. */
  failed(): void {
    this.#landed += 1
  }

  /** So many have landed. */
  landedUpTo(count: number): void {
    if (count <= this.#landed) return
    this.#landed = count
    const waiting = this.#waiting
    if (waiting === undefined) return
    while (waiting[0] !== undefined && waiting[0].at <= this.#landed) waiting.shift()?.done()
    if (waiting.length === 0 && this.#waiting === waiting) this.#waiting = undefined
  }

  /** Nobody waits any more. */
  clear(): void {
    this.#waiting = undefined
  }
}
