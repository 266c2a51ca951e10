import { TestingError, type WireClient } from '@xmppkit/testing'
import type { RawElement } from '@xmppkit/xml'
import type { createRandom } from '../fuzz/mutate.js'
import type { Ledger, SessionBook } from './ledger.js'

type Random = ReturnType<typeof createRandom>

/** One run of the server, as its clients see it. */
export interface Run {
  readonly domain: string
  readonly ledger: Ledger
  /** True from the moment the server is killed: nobody writes anything from then on. */
  readonly over: () => boolean
  /** Connects and logs in. */
  login(account: string): Promise<WireClient>
}

/** Pings that may be under way at once. */
const maxPings = 4

const ping = (id: string, domain: string) =>
  `<iq type='get' id='${id}' to='${domain}'><ping xmlns='urn:xmpp:ping'/></iq>`

/** Waits; nothing in these tests depends on how long. */
export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Gives every element to `take`, also those that still lie in the kernel when the server is dead, and resolves at the end. */
async function drain(client: WireClient, take: (element: RawElement) => void): Promise<void> {
  try {
    for (;;) take(await client.receive())
  } catch (error) {
    if (!isEnd(error)) throw error
  }
}

/** The end of a connection, as opposed to something that is wrong. */
function isEnd(error: unknown): boolean {
  return error instanceof TestingError && error.code === 'testing/closed'
}

/** Logs in; undefined if the server was killed meanwhile. */
async function arrive(run: Run, account: string): Promise<WireClient | undefined> {
  try {
    return await run.login(account)
  } catch (error) {
    if (run.over() && isEnd(error)) return undefined
    throw error
  }
}

/** Sends bursts of messages, each followed by a ping, until the run is over or its connection is. */
export async function sendMessages(
  run: Run,
  sender: { account: string; stream: string; recipients: readonly string[] },
  random: Random,
): Promise<void> {
  const client = await arrive(run, sender.account)
  if (client === undefined) return
  const { ledger, domain } = run
  const underWay = new Map<string, readonly string[]>()
  let wake = () => {}
  let ended = false
  const reading = drain(client, (element) => {
    const id = element.attr('id') ?? ''
    if (element.name === 'message' && element.attr('type') === 'error') ledger.refused(id)
    const answered = underWay.get(id)
    if (answered === undefined) return
    underWay.delete(id)
    ledger.acknowledged(answered)
    wake()
  }).then(() => {
    ended = true
    wake()
  })

  for (let n = 0; !run.over() && !ended; ) {
    const ids: string[] = []
    let burst = ''
    for (let i = random(8); i >= 0; i--) {
      const to = sender.recipients[random(sender.recipients.length)]!
      const id = `${sender.stream}-${n}`
      ledger.sent({ id, to, stream: sender.stream, n })
      ids.push(id)
      n++
      burst += `<message to='${to}@${domain}' type='chat' id='${id}'><body>${'x'.repeat(random(400))}</body></message>`
    }
    const pingId = `ping-${n}`
    underWay.set(pingId, ids)
    client.send(burst + ping(pingId, domain))
    if (random(4) === 0) await pause(random(10))
    while (underWay.size >= maxPings && !ended) await new Promise<void>((resolve) => (wake = resolve))
  }
  await reading
}

/** How a recipient spends a session. */
export interface Stay {
  readonly account: string
  /** How long it stays; until the run is over if infinite. */
  readonly ms: number
  /** Goes without a word, and without reading what has arrived. */
  readonly rude: boolean
}

/** One session of a recipient: becomes available, takes what comes, confirms it now and then, and goes. */
export async function receiveMessages(run: Run, stay: Stay, random: Random): Promise<void> {
  const client = await arrive(run, stay.account)
  if (client === undefined) return
  const session = openBook(run, stay.account, client)
  if (!run.over()) client.send('<presence/>')
  const until = performance.now() + stay.ms
  while (!run.over() && !session.ended() && performance.now() < until) {
    void session.confirm()
    await pause(2 + random(25))
  }
  // To write to a connection whose other end is dead is to lose what could still be read from it.
  if (!run.over()) {
    if (stay.rude) client.cut()
    else {
      void session.confirm()
      client.send('</stream:stream>')
    }
  }
  await session.reading
}

/** Logs in, takes all of these messages, and confirms them before it goes. */
export async function collectMessages(run: Run, account: string, waiting: readonly string[]): Promise<void> {
  const client = await run.login(account)
  const session = openBook(run, account, client)
  client.send('<presence/>')
  const missing = () => waiting.filter((id) => !session.seen.has(id))
  const until = performance.now() + 30_000
  while (missing().length > 0) {
    if (performance.now() > until) throw new Error(`${account} does not get ${missing().join(' ')}`)
    await session.confirm()
    await pause(5)
  }
  await session.confirm()
  client.send('</stream:stream>')
  await session.reading
}

function openBook(run: Run, account: string, client: WireClient) {
  const book: SessionBook = run.ledger.session(account)
  const seen = new Set<string>()
  const asked = new Map<string, { mark: number; answered: () => void }>()
  let pings = 0
  let ended = false
  const reading = drain(client, (element) => {
    const id = element.attr('id') ?? ''
    if (element.name === 'message') {
      seen.add(id)
      book.received(id, element.has('delay', 'urn:xmpp:delay'))
      return
    }
    const confirmed = asked.get(id)
    asked.delete(id)
    if (confirmed === undefined) return
    book.confirmed(confirmed.mark)
    confirmed.answered()
  }).then(() => {
    ended = true
  })
  return {
    seen,
    reading,
    ended: () => ended,
    /** Asks for an answer to what was received so far. */
    confirm(): Promise<void> {
      const id = `confirm-${pings++}`
      return new Promise((answered) => {
        asked.set(id, { mark: book.mark, answered })
        client.send(ping(id, run.domain))
      })
    },
  }
}
