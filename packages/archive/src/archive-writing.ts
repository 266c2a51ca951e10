import type { Storing } from '@xmppkit/sessions'
import type { ArchiveCopy } from './recording.js'

/** Writes copies of one message, each into its archive: all or none. */
export type WriteCopies = (copies: readonly ArchiveCopy[]) => Promise<void>

/** The copies of one message that are not written yet: that of its sender waits for that of its addressee. */
export class ArchiveWriting implements Storing {
  readonly #write: WriteCopies
  readonly #copies: ArchiveCopy[]
  #told: (() => void)[] = []
  #done: Promise<void> | undefined
  #state: Storing['state'] = 'pending'

  constructor(write: WriteCopies, copy: ArchiveCopy) {
    this.#write = write
    this.#copies = [copy]
  }

  get state(): Storing['state'] {
    return this.#state
  }

  /** Adds a copy to be written with the others; false if that is too late, or somebody else writes them. */
  join(write: WriteCopies, copy: ArchiveCopy): boolean {
    if (this.#done !== undefined || this.#write !== write) return false
    this.#copies.push(copy)
    return true
  }

  flush(): Promise<void> {
    // Let go of: the message may be kept for long, such as until a client acknowledges it.
    this.#done ??= this.#write(this.#copies.splice(0)).then(
      () => {
        this.#state = 'durable'
        for (const tell of this.#told.splice(0)) tell()
      },
      (error: unknown) => {
        this.#state = 'failed'
        throw error
      },
    )
    return this.#done
  }

  whenDurable(tell: () => void): void {
    if (this.#state === 'durable') tell()
    else if (this.#state === 'pending') this.#told.push(tell)
  }
}
