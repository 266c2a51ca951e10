import type { FullJid, Jid } from '@xmppkit/jid'
import type { Clock } from '@xmppkit/runtime'
import { NS, type Stanza } from '@xmppkit/stanza'
import type { ConnectionSink } from '@xmppkit/stream'
import {
  createStreamReader,
  type Element,
  escapeAttribute,
  type RawElement,
  type ReaderLimits,
  type Wire,
  wireFromText,
  writeElement,
} from '@xmppkit/xml'
import { TestingError } from './errors.js'
import { matchXml } from './match-xml.js'
import { waitingClock } from './waiting-clock.js'
import { authenticate, bindResource, show, streamHeader } from './wire-login.js'

/** Collaborators of {@link createWireClient}. */
export interface WireClientDeps {
  /** The way to the server: an end of a pipe, or anything that writes and closes alike. */
  readonly transport: {
    attach(sink: ConnectionSink): void
    write(wire: Wire): unknown
    startTls?(serverName: string): void
    end(): void
    destroy(): void
  }
  /**
   * Measures how long to wait; give it a manual clock only if the test turns it.
   *
   * @default the system's clock
   */
  readonly clock?: Clock
}

/** Settings of {@link createWireClient}. */
export interface WireClientOptions {
  /** Domain to open the stream to. */
  readonly domain: string
  /**
   * How long to wait for anything expected, in milliseconds.
   *
   * @default 5_000
   */
  readonly timeoutMs?: number
}

/** An account to log in with. */
export interface WireLogin {
  /** Localpart of the account. */
  readonly username: string
  /** Its password. */
  readonly password: string
  /** Resource to ask for; the server chooses one when absent. */
  readonly resource?: string
}

/**
 * A client that shows every element as it came: nothing is answered, sorted or hidden. For tests of what
 * goes over the wire.
 */
export interface WireClient extends AsyncDisposable {
  /** Full JID after {@link WireClient.login}. */
  readonly jid: FullJid
  /** Sends XML text, an element or a stanza as it is. */
  send(what: string | Element | Stanza): void
  /**
   * The next element.
   *
   * @throws TestingError `testing/timeout`, `testing/closed`
   */
  receive(): Promise<RawElement>
  /**
   * The next element, which must match the pattern of `matchXml`.
   *
   * @throws TestingError `testing/mismatch`, `testing/timeout`, `testing/closed`
   */
  expect(pattern: string): Promise<RawElement>
  /**
   * The first element that matches; those before it are dropped.
   *
   * @throws TestingError `testing/timeout`, `testing/closed`
   */
  find(pattern: string): Promise<RawElement>
  /**
   * Checks that nothing is on its way: pings the server and expects the answer next.
   *
   * @throws TestingError `testing/unexpected` when something else comes first
   */
  expectNothing(): Promise<void>
  /**
   * Checks that the server ends the stream, or the connection, before anything else.
   *
   * @throws TestingError `testing/unexpected` when something else comes first, `testing/timeout`
   */
  expectEnd(): Promise<void>
  /**
   * Waits until the server has handled all that was sent so far. Nothing received is lost: what came
   * meanwhile is still there.
   */
  settle(): Promise<void>
  /** The same, and drops all that came so far. */
  forget(): Promise<void>
  /** Opens a stream, or opens it anew; resolves with the server's header and its features. */
  open(header?: string): Promise<{ header: RawElement; features: RawElement }>
  /**
   * Opens the stream and upgrades it where TLS is required; resolves with the features offered then.
   *
   * @param header - what to open it with, both times; that of {@link WireClient.open} when absent
   */
  secure(header?: string): Promise<RawElement>
  /** Authenticates with SCRAM and opens the stream anew; resolves with the features offered then. */
  authenticate(account: WireLogin, features: RawElement): Promise<RawElement>
  /**
   * Opens the stream, upgrades it where TLS is required, authenticates with SCRAM and binds a resource.
   *
   * @param features - those of a stream that {@link WireClient.secure} has opened already
   */
  login(account: WireLogin, features?: RawElement): Promise<FullJid>
  /** Resolves when the server has ended the stream or the connection. */
  readonly ended: Promise<void>
  /**
   * Hands every further element to a function instead of keeping it for {@link WireClient.receive}; what is kept already goes
   * first. Only `send`, `close`, `cut` and `ended` are of use then.
   */
  divert(take: (element: RawElement) => void): void
  /** Ends the stream and waits for the server to do the same. */
  close(): Promise<void>
  /** Cuts the connection without a word. */
  cut(): void
}

/** What a server may send is for the test to judge, not for the client. */
const unlimited: ReaderLimits = {
  maxBytes: Number.POSITIVE_INFINITY,
  maxDepth: Number.POSITIVE_INFINITY,
  maxElements: Number.POSITIVE_INFINITY,
  maxAttributes: Number.POSITIVE_INFINITY,
  maxNameBytes: Number.POSITIVE_INFINITY,
  maxNamespaces: Number.POSITIVE_INFINITY,
}

type Received =
  | RawElement
  | { readonly kind: 'open'; readonly header: RawElement }
  | { readonly kind: 'close' }

/**
 * Makes a client over a transport.
 *
 * @example
 * ```ts
 * const { client, server } = createPipe()
 * server.attach(port.accept(server))
 * const juliet = createWireClient({ transport: client }, { domain: 'example.org' })
 * await juliet.login({ username: 'juliet', password: 'r0m30' })
 * juliet.send('<presence/>')
 * await juliet.expect("<presence from='juliet@example.org/{any}'/>")
 * ```
 */
export function createWireClient(deps: WireClientDeps, options: WireClientOptions): WireClient {
  const { transport, clock = waitingClock } = deps
  const { domain, timeoutMs = 5_000 } = options
  const inbox: Received[] = []
  const waiting: ((error?: Error) => void)[] = []
  let reader = createStreamReader({ limits: unlimited })
  let jid: Jid | undefined
  let failure: TestingError | undefined
  let pings = 0
  let settleEnded = () => {}
  const ended = new Promise<void>((resolve) => {
    settleEnded = resolve
  })
  let settleSecured = () => {}
  let diverted: ((element: RawElement) => void) | undefined

  const wake = () => {
    for (const resume of waiting.splice(0)) resume()
  }
  const fail = (error: TestingError) => {
    failure ??= error
    settleEnded()
    wake()
  }
  transport.attach({
    receive(chunk) {
      try {
        reader.push(chunk)
        for (let event = reader.next(); event; event = reader.next()) {
          if (diverted && event.kind === 'element') diverted(event)
          else inbox.push(event)
          if (event.kind === 'close') settleEnded()
        }
      } catch (cause) {
        fail(new TestingError('testing/mismatch', 'the server sent XML that is not well-formed', { cause }))
      }
      wake()
    },
    secured: () => settleSecured(),
    drained() {},
    disconnected: () => fail(new TestingError('testing/closed', 'the connection is closed')),
  })

  /** Waits for something in the inbox that `pick` takes out of it. */
  const wait = async <T = Received>(wanted: string, pick: () => T | undefined): Promise<T> => {
    let expired = false
    const timer = clock.after(timeoutMs, () => {
      expired = true
      wake()
    })
    try {
      for (;;) {
        const picked = pick()
        if (picked) return picked
        if (failure) throw failure
        if (expired) throw new TestingError('testing/timeout', `no ${wanted} within ${timeoutMs} ms`)
        await new Promise<void>((resolve) => waiting.push(() => resolve()))
      }
    } finally {
      timer[Symbol.dispose]()
    }
  }

  const next = (wanted: string) => wait(wanted, () => inbox.shift())
  const ping = () => {
    pings += 1
    const id = `wire-${pings}`
    client.send(`<iq type='get' id='${id}' to='${escapeAttribute(domain)}'><ping xmlns='${NS.ping}'/></iq>`)
    return id
  }

  const receive = async (wanted = 'element'): Promise<RawElement> => {
    const event = await next(wanted)
    if (event.kind === 'element') return event
    if (event.kind === 'close') {
      throw new TestingError('testing/closed', `the server closed the stream; expected ${wanted}`)
    }
    throw new TestingError('testing/mismatch', `a stream header came; expected ${wanted}`)
  }

  const client: WireClient = {
    get jid() {
      if (!jid) throw new TestingError('testing/login', 'not logged in')
      return jid as FullJid
    },
    ended,
    send(what) {
      if (typeof what === 'string') transport.write(wireFromText(what))
      else if ('toWire' in what) transport.write(what.toWire({ declare: false }))
      else transport.write(writeElement(what))
    },
    receive,
    async expect(pattern) {
      const element = await receive(pattern)
      const mismatch = matchXml(element, pattern)
      if (mismatch === undefined) return element
      throw new TestingError('testing/mismatch', `${mismatch}\n  expected ${pattern}\n  got ${show(element)}`)
    },
    async find(pattern) {
      for (;;) {
        const element = await receive(pattern)
        if (matchXml(element, pattern) === undefined) return element
      }
    },
    async expectNothing() {
      const id = ping()
      const element = await receive('the answer to a ping')
      if (element.attr('id') === id) return
      throw new TestingError('testing/unexpected', `nothing was expected, got ${show(element)}`)
    },
    async expectEnd() {
      const event = await wait<Received>(
        'end of the stream',
        () => inbox.shift() ?? (failure && { kind: 'close' }),
      )
      if (event.kind === 'close') return
      const what = event.kind === 'element' ? show(event) : 'a stream header'
      throw new TestingError('testing/unexpected', `the end was expected, got ${what}`)
    },
    async settle() {
      const id = ping()
      await wait('the answer to a ping', () => {
        const at = inbox.findIndex((event) => event.kind === 'element' && event.attr('id') === id)
        return at < 0 ? undefined : inbox.splice(at, 1)[0]
      })
    },
    async forget() {
      await client.settle()
      inbox.length = 0
    },
    async open(header) {
      reader = createStreamReader({ limits: unlimited })
      client.send(header ?? streamHeader(domain))
      const event = await next('a stream header')
      if (event.kind !== 'open') throw new TestingError('testing/mismatch', 'expected a stream header')
      return { header: event.header, features: await receive('stream features') }
    },
    async secure(header) {
      const { features } = await client.open(header)
      if (!features.child('starttls', NS.tls)?.has('required', NS.tls)) return features
      client.send(`<starttls xmlns='${NS.tls}'/>`)
      await client.expect(`<proceed xmlns='${NS.tls}'/>`)
      const secured = new Promise<void>((resolve) => {
        settleSecured = resolve
      })
      transport.startTls?.(domain)
      await Promise.race([secured, ended])
      return (await client.open(header)).features
    },
    async authenticate(account, features) {
      await authenticate(client, features, account)
      return (await client.open()).features
    },
    async login(account, features) {
      await client.authenticate(account, features ?? (await client.secure()))
      jid = await bindResource(client, account.resource)
      return jid as FullJid
    },
    divert(take) {
      for (const event of inbox.splice(0)) if (event.kind === 'element') take(event)
      diverted = take
    },
    async close() {
      if (!failure) client.send('</stream:stream>')
      const timer = clock.after(timeoutMs, () => fail(new TestingError('testing/timeout', 'no closing tag')))
      await ended
      timer[Symbol.dispose]()
      transport.end()
    },
    cut: () => transport.destroy(),
    [Symbol.asyncDispose]: () => client.close(),
  }
  return client
}
