/** How a recipient behaves: whether it says goodbye before it goes, or just goes. */
export type Manners = 'polite' | 'rude'

/** One time a client received a message. */
interface Receipt {
  readonly run: number
  readonly session: number
  readonly stored: boolean
  confirmed: boolean
}

/** A message and all that is known of it. */
interface Entry {
  readonly id: string
  readonly to: string
  /** The sender's stream, within which order holds. */
  readonly stream: string
  readonly n: number
  /** Run of the server it was sent to. */
  readonly run: number
  acknowledged: boolean
  refused: boolean
  lost: boolean
  readonly receipts: Receipt[]
}

/** One session of a recipient. */
export interface SessionBook {
  /** Notes a message that came in; `stored` if it comes from offline storage. */
  received(id: string, stored: boolean): void
  /** How much has come in so far. */
  readonly mark: number
  /** The client has asked after `mark` receipts, and the server has answered. */
  confirmed(mark: number): void
}

/** What may happen to a message, as often as it did. */
export interface Counts {
  sent: number
  acknowledged: number
  refused: number
  live: number
  stored: number
  /** Received again after a kill, by a client that had not confirmed it. */
  redelivered: number
  /** Acknowledged, written to a connection its owner cut without reading it: what XEP-0198 is for. */
  lostToCuts: number
}

/** The books of the whole test: who sent what, who got it, and what must not be. */
export interface Ledger {
  /** The server's next run. */
  nextRun(): void
  /** A message is about to be sent. */
  sent(message: { id: string; to: string; stream: string; n: number }): void
  /** A ping sent after these messages was answered. */
  acknowledged(ids: readonly string[]): void
  /** The sender got an error for it. */
  refused(id: string): void
  /** A recipient has logged in. */
  session(account: string): SessionBook
  /** Compares the books with what waits in the server's file, by account. Returns what must not be. */
  audit(waiting: ReadonlyMap<string, readonly string[]>): string[]
  /** What was found wrong so far, other than by audits. */
  readonly wrongs: readonly string[]
  readonly counts: Readonly<Counts>
  /** Told of each event, for whoever waits for the right moment to kill. */
  onEvent(kind: 'acknowledged' | 'live' | 'stored'): void
}

/** Opens the books. */
export function createLedger(manners: ReadonlyMap<string, Manners>): Ledger {
  const entries = new Map<string, Entry>()
  /** Those that may still go wrong: not known to have reached anybody. */
  const open = new Set<Entry>()
  const newest = new Map<string, number>()
  const wrongs: string[] = []
  const counts: Counts = {
    sent: 0,
    acknowledged: 0,
    refused: 0,
    live: 0,
    stored: 0,
    redelivered: 0,
    lostToCuts: 0,
  }
  let run = 0
  let sessions = 0

  const polite = (account: string) => manners.get(account) === 'polite'

  function checkRepetition(entry: Entry, receipt: Receipt): void {
    const { receipts, id, to } = entry
    if (receipts.length === 0) return
    const before = receipts.map((one) => `${one.stored ? 'stored' : 'live'} in run ${one.run}`).join(', ')
    const what = `${id} for ${to} came again in run ${run}, ${receipt.stored ? 'stored' : 'live'}, after ${before}`
    if (receipts.some((one) => one.confirmed)) wrongs.push(`${what}: it had been confirmed`)
    else if (receipts.some((one) => one.session === receipt.session)) wrongs.push(`${what}: in one session`)
    else if (polite(to) && receipts.some((one) => one.run === run))
      wrongs.push(`${what}: the server was not killed in between`)
    else counts.redelivered++
  }

  function checkOrder({ stream, to, n, id }: Entry): void {
    const key = `${stream} ${to}`
    const last = newest.get(key) ?? -1
    if (n < last && polite(to)) wrongs.push(`${id} for ${to} came after number ${last} of the same stream`)
    newest.set(key, Math.max(last, n))
  }

  const ledger: Ledger = {
    wrongs,
    counts,
    onEvent: () => {},
    nextRun() {
      run++
    },
    sent(message) {
      const entry = { ...message, run, acknowledged: false, refused: false, lost: false, receipts: [] }
      entries.set(entry.id, entry)
      open.add(entry)
      counts.sent++
    },
    acknowledged(ids) {
      for (const id of ids) {
        const entry = entries.get(id)
        if (entry === undefined || entry.acknowledged) continue
        entry.acknowledged = true
        counts.acknowledged++
        ledger.onEvent('acknowledged')
      }
    },
    refused(id) {
      const entry = entries.get(id)
      if (entry === undefined) return
      if (entry.receipts.length > 0) wrongs.push(`${id} was both delivered and refused`)
      entry.refused = true
      counts.refused++
      open.delete(entry)
    },
    session(account) {
      const session = sessions++
      const receipts: Receipt[] = []
      return {
        received(id, stored) {
          const entry = entries.get(id)
          if (entry === undefined || entry.to !== account) {
            wrongs.push(`${account} received ${id}, which nobody sent it`)
            return
          }
          const receipt: Receipt = { run, session, stored, confirmed: false }
          if (entry.refused) wrongs.push(`${id} was both refused and delivered`)
          if (entry.receipts.length === 0) checkOrder(entry)
          checkRepetition(entry, receipt)
          entry.receipts.push(receipt)
          receipts.push(receipt)
          counts[stored ? 'stored' : 'live']++
          open.delete(entry)
          ledger.onEvent(stored ? 'stored' : 'live')
        },
        get mark() {
          return receipts.length
        },
        confirmed(mark) {
          for (let i = mark - 1; i >= 0 && receipts[i]?.confirmed === false; i--)
            receipts[i]!.confirmed = true
        },
      }
    },
    audit(waiting) {
      const found: string[] = []
      const stored = new Set<string>()
      for (const [account, ids] of waiting) {
        for (const id of ids) {
          if (stored.has(`${id} ${account}`)) found.push(`${id} waits twice for ${account}`)
          stored.add(`${id} ${account}`)
        }
      }
      for (const entry of open) {
        if (stored.has(`${entry.id} ${entry.to}`)) continue
        // Whatever was not acknowledged by now never will be: its sender's connection is gone.
        open.delete(entry)
        if (!entry.acknowledged) continue
        if (polite(entry.to))
          found.push(`${entry.id} for ${entry.to}, acknowledged in run ${entry.run}, is lost`)
        else counts.lostToCuts++
      }
      for (const [account, ids] of waiting) {
        for (const id of ids) {
          const entry = entries.get(id)
          if (entry === undefined) found.push(`${id} waits for ${account} and was never sent`)
          else if (entry.refused) found.push(`${id} waits for ${account} and was refused`)
          else if (entry.receipts.some((one) => one.confirmed))
            found.push(`${id} waits for ${account}, which has confirmed it`)
        }
      }
      return found
    },
  }
  return ledger
}
