import type { OutboxEntry, OutboxStore } from './ports.js'

/** What {@link createAcknowledging} needs. */
export interface AcknowledgingDeps {
  readonly store: Pick<OutboxStore, 'ack'>
  /** Told once the store has taken note that these have arrived. */
  readonly acked: (entries: readonly OutboxEntry[]) => void
  /** Told that it could not; they are tried again with `retry`. */
  readonly failed: (cause: unknown) => void
}

/** Takes note of what has arrived, one write at a time, each of all that came meanwhile. */
export interface Acknowledging {
  /** An entry has arrived. */
  add(entry: OutboxEntry): void
  /** Tries again what could not be written. */
  retry(): void
  /** How many are not written down yet. */
  readonly size: number
  /** Fulfilled when all are, or could not be. */
  settled(): Promise<void>
}

/** Makes the notes about one target. */
export function createAcknowledging(
  { store, acked, failed }: AcknowledgingDeps,
  target: string,
): Acknowledging {
  let open: OutboxEntry[] = []
  let writing = 0
  let running: Promise<void> | undefined

  const write = async () => {
    while (open.length > 0) {
      const entries = open
      open = []
      writing = entries.length
      try {
        await store.ack(
          target,
          entries.map(({ id }) => id),
        )
        writing = 0
        acked(entries)
      } catch (cause) {
        writing = 0
        open = [...entries, ...open]
        failed(cause)
        break
      }
    }
    // In one go with the decision to end: what is added from here on starts another.
    running = undefined
  }
  const retry = () => {
    if (open.length > 0) running ??= write()
  }

  return {
    add(entry) {
      open.push(entry)
      retry()
    },
    retry,
    get size() {
      return open.length + writing
    },
    settled: async () => running,
  }
}
