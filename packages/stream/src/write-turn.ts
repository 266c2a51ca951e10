/** What has something to write in this turn. */
export interface TurnWriter {
  /** Writes what is due; called once for every {@link WriteTurn.add}. */
  writeTurn(): void
}

/**
 * Who has something to write in this turn of the event loop, among all streams that share it, in the order in which it came
 * up.
 *
 * A stream that has an answer to write lets everybody else write first. So what a stanza was answered for has left before the
 * answer does, and nobody who kills the process in between finds the one without the other.
 */
export interface WriteTurn {
  /** Has somebody write at the end of the turn, or earlier. */
  add(writer: TurnWriter): void
  /** Has everybody write now. */
  flush(): void
}

/**
 * Makes a turn for streams to share.
 *
 * @example
 * ```ts
 * const turn = createWriteTurn()
 * const accept = (transport: Transport) => createServerStream({ ...deps, transport, turn })
 * ```
 */
export function createWriteTurn(): WriteTurn {
  let waiting: TurnWriter[] = []
  let scheduled = false

  function flush(): void {
    // What comes up meanwhile has a turn of its own.
    const due = waiting
    waiting = []
    for (const writer of due) writer.writeTurn()
  }

  return {
    add(writer) {
      waiting.push(writer)
      if (scheduled) return
      scheduled = true
      queueMicrotask(() => {
        scheduled = false
        flush()
      })
    },
    flush,
  }
}
