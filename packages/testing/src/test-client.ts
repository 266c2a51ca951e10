import type { FullJid, Jid } from '@xmppkit/jid'
import { type Clock, isThenable } from '@xmppkit/runtime'
import {
  iq,
  message,
  NS,
  type PresenceInit,
  presence,
  readStanza,
  resultReply,
  type Stanza,
} from '@xmppkit/stanza'
import { Element, parseElement, textFromWire } from '@xmppkit/xml'
import { TestingError } from './errors.js'
import { waitingClock } from './waiting-clock.js'
import type { WireClient } from './wire-client.js'

/** Collaborators of {@link createTestClient}. */
export interface TestClientDeps {
  /** Logged in already; what it receives from now on goes to the test client. */
  readonly wire: WireClient
  /** Waits until the server has handled what everybody sent so far. @default only what this client sent */
  readonly settle?: () => Promise<void>
  /** Where the server's clock stands, in words, if it is one the test turns. */
  readonly standsAt?: () => string
  /** Measures how long the test waits. @default the system's clock */
  readonly clock?: Pick<Clock, 'after'>
}

/** Settings of {@link createTestClient}. */
export interface TestClientOptions {
  /**
   * How long to wait for what should come, in milliseconds of real time: only a test that fails waits so long.
   *
   * @default 10_000
   */
  readonly timeoutMs?: number
  /** Stanzas remembered for {@link TestClient.stanzas}; of more, the oldest go. @default 10_000 */
  readonly maxStanzas?: number
}

/** Says whether a stanza is the one; what it throws means no, and is shown when none is. */
export type StanzaTest = (stanza: Stanza) => unknown

/** Somebody's client, in a test: it keeps what it receives, and the test asks for it in any order. */
export interface TestClient extends AsyncDisposable {
  /** Its address. */
  readonly jid: FullJid
  /** Everything it has received, oldest first, also what was asked for already. */
  readonly stanzas: readonly Stanza[]
  /** Sends a stanza, an element or XML text. */
  send(what: Stanza | Element | string): void
  /** Sends a chat message. */
  say(to: Jid | string, body: string): void
  /** Sends presence and waits until it is there for others: messages and presence come from then on. */
  online(init?: Omit<PresenceInit, 'to' | 'type'>): Promise<void>
  /**
   * The first stanza that passes the test and was not asked for before: one that is there, or the next that comes. Others stay for
   * later questions.
   *
   * @throws TestingError `testing/timeout`, `testing/closed`, saying what was received instead
   *
   * @example
   * ```ts
   * await juliet.received((message) => message.text('body') === 'hello')
   * ```
   */
  received(match: StanzaTest, options?: { readonly timeoutMs?: number }): Promise<Stanza>
  /**
   * Checks that nothing has come, and nothing is on its way, that passes the test and was not asked for. Does not wait: what all
   * clients of the server sent is handled when it answers a ping.
   *
   * @param match - @default any stanza
   * @throws TestingError `testing/unexpected`
   */
  receivedNothing(match?: StanzaTest): Promise<void>
  /**
   * Sends an iq request and waits for its answer, an error included.
   *
   * @throws TestingError as `received`
   */
  request(type: 'get' | 'set', payload: Element | string, to?: Jid | string): Promise<Stanza>
  /** Waits until the server has handled all that this client sent. */
  settle(): Promise<void>
  /** The connection, for what no client would do. */
  readonly wire: WireClient
  /** Says goodbye. */
  close(): Promise<void>
  /** Cuts the connection without a word. */
  cut(): void
}

const shownStanzas = 10
const shownLength = 400

/**
 * Makes a test client of a wire client that has logged in.
 *
 * @example
 * ```ts
 * const juliet = createTestClient({ wire })
 * await juliet.online()
 * await juliet.received((stanza) => stanza.kind === 'message')
 * ```
 */
export function createTestClient(deps: TestClientDeps, options: TestClientOptions = {}): TestClient {
  const { wire, clock = waitingClock } = deps
  const { timeoutMs: usual = 10_000, maxStanzas = 10_000 } = options
  const stanzas: Stanza[] = []
  const unasked = new Set<Stanza>()
  const waiting = new Set<() => void>()
  let isEnded = false
  let requests = 0

  const wake = () => {
    for (const look of waiting) look()
  }
  wire.divert((element) => {
    const stanza = readStanza(element)
    // A server ends the session of who does not answer; nobody's test wants to see that.
    if (stanza.type === 'get' && stanza.has('ping', NS.ping)) return wire.send(resultReply(stanza))
    stanzas.push(stanza)
    unasked.add(stanza)
    if (stanzas.length > maxStanzas) unasked.delete(stanzas.shift()!)
    wake()
  })
  void wire.ended.then(() => {
    isEnded = true
    wake()
  })

  const pick = (match: StanzaTest): Stanza | undefined => {
    for (const stanza of unasked) {
      if (!passes(match, stanza)) continue
      unasked.delete(stanza)
      return stanza
    }
    return undefined
  }
  const attempt = (match: StanzaTest): Stanza | Error | undefined => {
    try {
      return pick(match)
    } catch (error) {
      return error as Error
    }
  }
  const failure = (code: 'testing/timeout' | 'testing/closed', match: StanzaTest, why: string) =>
    new TestingError(
      code,
      `${wire.jid} received nothing that passes ${match}\n${why}${instead(match, unasked, stanzas)}`,
    )

  const waitFor = (match: StanzaTest, timeoutMs: number) =>
    new Promise<Stanza>((resolve, reject) => {
      const settle = (act: () => void) => {
        waiting.delete(look)
        timer[Symbol.dispose]()
        act()
      }
      const look = () => {
        const found = attempt(match)
        if (found instanceof Error) settle(() => reject(found))
        else if (found) settle(() => resolve(found))
        else if (isEnded) settle(() => reject(failure('testing/closed', match, '  the connection has ended')))
      }
      const timer = clock.after(timeoutMs, () => {
        const clockNote = deps.standsAt ? `; ${deps.standsAt()}` : ''
        settle(() =>
          reject(failure('testing/timeout', match, `  within ${timeoutMs} ms of real time${clockNote}`)),
        )
      })
      waiting.add(look)
      look()
    })

  const request = async (type: 'get' | 'set', payload: Element | string, to?: Jid | string) => {
    requests += 1
    const id = `request-${requests}`
    const child = typeof payload === 'string' ? parseElement(payload).toElement() : payload
    client.send(iq({ type, id, ...(to !== undefined && { to }) }, child))
    return client.received((stanza) => stanza.kind === 'iq' && stanza.id === id)
  }
  const settle = async () =>
    void (await request('get', new Element('ping', { xmlns: NS.ping }), wire.jid.domain))

  const client: TestClient = {
    jid: wire.jid,
    stanzas,
    wire,
    send: (what) => wire.send(what),
    say: (to, body) => wire.send(message({ to, body, type: 'chat' })),
    async online(init = {}) {
      wire.send(presence(init))
      // Its own presence comes back to it (RFC 6121 §4.2.2).
      await client.received((stanza) => stanza.kind === 'presence' && stanza.from?.equals(wire.jid))
    },
    async received(match, { timeoutMs = usual } = {}) {
      return waitFor(match, timeoutMs)
    },
    async receivedNothing(match = () => true) {
      await (deps.settle ?? settle)()
      await settle()
      const found = pick(match)
      if (found) throw new TestingError('testing/unexpected', `${wire.jid} received ${shown(found)}`)
    },
    request,
    settle,
    close: () => wire.close(),
    cut: () => wire.cut(),
    [Symbol.asyncDispose]: () => wire.close(),
  }
  return client
}

function passes(match: StanzaTest, stanza: Stanza): boolean {
  try {
    const result = match(stanza)
    if (isThenable(result)) throw new TypeError('the test of a stanza must not be asynchronous')
    return Boolean(result)
  } catch (error) {
    if (error instanceof TypeError && error.message.includes('must not be asynchronous')) throw error
    return false
  }
}

/** What came in the place of what was wanted, and what the test said of it. */
function instead(match: StanzaTest, unasked: ReadonlySet<Stanza>, all: readonly Stanza[]): string {
  if (all.length === 0) return '\n  nothing was received at all'
  const asked = all.length - unasked.size
  const others = asked > 0 ? `, ${asked} more had been asked for before` : ''
  const lines = [...unasked]
    .slice(-shownStanzas)
    .map((stanza) => `    ${shown(stanza)}${complaint(match, stanza)}`)
  if (lines.length === 0) return `\n  nothing else was received${others}`
  const left = unasked.size > shownStanzas ? ` (the last ${shownStanzas} of ${unasked.size})` : ''
  return `\n  received instead${left}${others}:\n${lines.join('\n')}`
}

function complaint(match: StanzaTest, stanza: Stanza): string {
  try {
    match(stanza)
    return ''
  } catch (error) {
    return `\n      which the test refused: ${String(error).split('\n')[0]}`
  }
}

function shown(stanza: Stanza): string {
  const text = textFromWire(stanza.toWire({ declare: false }))
  return text.length > shownLength ? `${text.slice(0, shownLength)}…` : text
}
