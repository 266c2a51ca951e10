import { type Nature, recipients } from './cast.js'

/** In which way a message reached a client: as it was sent, again later, out of offline storage, or as a copy. */
export type Way = 'live' | 'late' | 'stored' | 'copy'

/** One time a client got a message. */
interface Receipt {
  readonly run: number
  readonly client: string
  readonly session: number
  readonly way: Way
  readonly archiveId: string | undefined
  confirmed: boolean
}

/** A message, and what its sender knows of it. */
export interface Entry {
  readonly id: string
  readonly from: string
  /** The account it is for. */
  readonly account: string
  /** The address it is for: with the resource, or without. */
  readonly to: string
  /** The sender's stream, within which order holds. */
  readonly stream: string
  readonly n: number
  readonly nature: Nature
  /** Whether its sender is told if the resource it is for is not there: one without a type (RFC 6121 §8.5.3.2.1). */
  readonly isRefusable: boolean
  /** Run of the server it was sent to. */
  readonly run: number
  /** Whether archives were kept then. */
  readonly archives: boolean
  acknowledged: boolean
  refused: boolean
  readonly receipts: Receipt[]
}

/** What may happen to messages, as often as it did. */
export interface Counts {
  sent: number
  acknowledged: number
  refused: number
  live: number
  late: number
  stored: number
  copy: number
  resumed: number
  /** Received again by a client that had not confirmed it, in another session. */
  again: number
  /** Acknowledged, not archived, and written to a connection without acknowledgements that its owner cut. */
  lostToCuts: number
}

/** One session of a client; it outlives its connections. */
export interface SessionBook {
  /** Notes a message that came in. */
  received(id: string, way: Way, archiveId: string | undefined): void
  /** How much has come in so far. */
  readonly mark: number
  /** The client has acknowledged `mark` receipts and asked the server something after that, and the server has answered. */
  confirmed(mark: number): void
}

/** The books of the whole test: who sent what, who got it, and what must not be. */
export interface Ledger {
  readonly entries: ReadonlyMap<string, Entry>
  readonly counts: Counts
  /** What was found wrong, with all that is known of the message. */
  readonly wrongs: string[]
  /** What the clients of the first wrong's account went through before. */
  story: string
  /** The server's next run, with archives or without. */
  nextRun(archives: boolean): void
  sent(
    message: Pick<Entry, 'id' | 'from' | 'account' | 'to' | 'stream' | 'n' | 'nature' | 'isRefusable'>,
  ): void
  /** The server has acknowledged it; its sender may have missed an error if it lost its session. */
  acknowledged(id: string, isLast: boolean): void
  /** Its sender got an error for it: that condition. */
  refused(id: string, condition: string): void
  /** A client, `account/resource`, has a new session. */
  session(client: string): SessionBook
  /** Something happens to a client, `account/resource`: told with what is wrong with its messages. */
  note(client: string, what: string): void
  /** Something is wrong with a message. */
  complain(entry: Entry, what: string): void
  /** Told of each event, for whoever waits for the right moment to kill. */
  onEvent(): void
}

const archived = new Set(recipients.filter((one) => one.archived).map((one) => one.account))

/** Whether the archive of its addressee has to have a message. */
export const belongsInArchive = ({ archives, account, nature }: Entry): boolean =>
  archives && nature === 'chat' && archived.has(account)

const hasSecond = (account: string) => recipients.some((one) => one.account === account && one.second)

/** Opens the books. */
export function createLedger(): Ledger {
  const entries = new Map<string, Entry>()
  const newest = new Map<string, Entry>()
  const events: { readonly account: string; readonly line: string }[] = []
  const note = (client: string, what: string) => {
    events.push({
      account: client.split('/')[0]!,
      line: `${Math.round(performance.now())} run ${run} ${client} ${what}`,
    })
    if (events.length > 20_000) events.splice(0, 10_000)
  }
  let run = 0
  let archives = true
  let sessions = 0

  // What another client of the account had in its hands meanwhile, and did not acknowledge, is overtaken. So is what was for
  // a resource that was not there: it waits until the resource is available, and what comes for it then does not.
  const isInOrder = (entry: Entry, { way, client }: Receipt) => {
    if (way === 'live') return true
    const isToAccount = !entry.to.includes('/') && client.startsWith(`${entry.account}/`)
    return way !== 'copy' && isToAccount && !hasSecond(entry.account)
  }

  const checkOrder = (entry: Entry, receipt: Receipt) => {
    const { client } = receipt
    if (!isInOrder(entry, receipt) || entry.receipts.some((before) => before.client === client)) return
    // What no archive has is stored before a session gets it, and the rest when that session has ended.
    const key = `${entry.stream} ${entry.to} ${client} ${belongsInArchive(entry)}`
    const last = newest.get(key)
    if (last === undefined || last.n < entry.n) newest.set(key, entry)
    else ledger.complain(entry, `came ${receipt.way} to ${client} after ${last.id} of the same stream`)
  }

  const checkRepetition = (entry: Entry, { client, session, way }: Receipt) => {
    for (const before of entry.receipts) {
      const isSame = before.client === client
      const came = `came ${way} to ${client}`
      if (isSame && before.session === session) ledger.complain(entry, `${came} twice in one session`)
      else if (isSame && before.confirmed) ledger.complain(entry, `${came}, which had confirmed it`)
      else if (way === 'stored' && before.confirmed && before.way !== 'copy')
        ledger.complain(entry, `${came} though ${before.client} had confirmed it`)
      else if (isSame) ledger.counts.again++
    }
  }

  const receive = (id: string, receipt: Receipt) => {
    note(receipt.client, `got ${id} ${receipt.way}, session ${receipt.session}`)
    const entry = entries.get(id)
    const [account = ''] = receipt.client.split('/')
    if (entry === undefined || (entry.account !== account && entry.from !== account)) {
      ledger.wrongs.push(`${receipt.client} received ${id}, which nobody sent it`)
      return
    }
    if (entry.refused && entry.account === account) ledger.complain(entry, 'was refused, and is delivered')
    checkRepetition(entry, receipt)
    checkOrder(entry, receipt)
    entry.receipts.push(receipt)
    ledger.counts[receipt.way]++
    ledger.onEvent()
  }

  const ledger: Ledger = {
    entries,
    counts: zeroes(),
    wrongs: [],
    story: '',
    onEvent: () => {},
    nextRun(with_) {
      run++
      archives = with_
    },
    sent(message) {
      entries.set(message.id, {
        ...message,
        run,
        archives,
        acknowledged: false,
        refused: false,
        receipts: [],
      })
      note(message.account, `is sent ${message.id} to ${message.to}`)
      ledger.counts.sent++
      ledger.onEvent()
    },
    acknowledged(id, isLast) {
      const entry = entries.get(id)
      if (entry === undefined || entry.acknowledged) return
      // What an archive has is never refused.
      if (isLast && (entry.isRefusable || !belongsInArchive(entry))) return
      entry.acknowledged = true
      ledger.counts.acknowledged++
      ledger.onEvent()
    },
    refused(id, condition) {
      const entry = entries.get(id)
      if (entry === undefined) return
      note(entry.from, `is told that ${id} was refused: ${condition}`)
      if (entry.refused) ledger.complain(entry, 'was refused twice')
      entry.refused = true
      ledger.counts.refused++
      if (entry.receipts.some(({ client }) => client.startsWith(`${entry.account}/`)))
        ledger.complain(entry, 'was delivered, and refused')
    },
    session(client) {
      const session = sessions++
      const receipts: Receipt[] = []
      return {
        received(id, way, archiveId) {
          const receipt: Receipt = { run, client, session, way, archiveId, confirmed: false }
          receipts.push(receipt)
          receive(id, receipt)
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
    note,
    complain(entry, what) {
      ledger.wrongs.push(`${entry.id} ${what}: ${JSON.stringify(entry)}`)
      // The first one tells the story.
      if (ledger.wrongs.length > 1) return
      const involved = events.filter(({ account }) => account === entry.account || account === entry.from)
      const story = involved.slice(-400)
      ledger.story = [`${entry.id} ${what}`, ...story.map(({ line }) => line)].join('\n')
    },
  }
  return ledger
}

function zeroes(): Counts {
  return {
    sent: 0,
    acknowledged: 0,
    refused: 0,
    live: 0,
    late: 0,
    stored: 0,
    copy: 0,
    resumed: 0,
    again: 0,
    lostToCuts: 0,
  }
}
