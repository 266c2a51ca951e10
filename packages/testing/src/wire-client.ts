import { type FullJid, type Jid, parseJid } from '@xmppkit/jid'
import { type Clock, systemClock } from '@xmppkit/runtime'
import { createSaslClient, decodeBase64Strict, encodeBase64 } from '@xmppkit/sasl'
import { NS, type Stanza } from '@xmppkit/stanza'
import type { ConnectionSink } from '@xmppkit/stream'
import {
  createStreamReader,
  type Element,
  escapeAttribute,
  type RawElement,
  textFromWire,
  type Wire,
  wireFromText,
  writeElement,
} from '@xmppkit/xml'
import { TestingError } from './errors.js'
import { matchXml } from './match-xml.js'

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
  /** Opens a stream, or opens it anew; resolves with the server's header and its features. */
  open(header?: string): Promise<{ header: RawElement; features: RawElement }>
  /** Opens the stream, upgrades it where TLS is required, authenticates with SCRAM and binds a resource. */
  login(account: WireLogin): Promise<FullJid>
  /** Resolves when the server has ended the stream or the connection. */
  readonly ended: Promise<void>
  /** Ends the stream and waits for the server to do the same. */
  close(): Promise<void>
  /** Cuts the connection without a word. */
  cut(): void
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
  const { transport, clock = systemClock } = deps
  const { domain, timeoutMs = 5_000 } = options
  const inbox: Received[] = []
  const waiting: ((error?: Error) => void)[] = []
  let reader = createStreamReader()
  let jid: Jid | undefined
  let failure: TestingError | undefined
  let pings = 0
  let settleEnded = () => {}
  const ended = new Promise<void>((resolve) => {
    settleEnded = resolve
  })
  let settleSecured = () => {}

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
          inbox.push(event)
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

  const next = async (wanted: string): Promise<Received> => {
    let expired = false
    const timer = clock.after(timeoutMs, () => {
      expired = true
      wake()
    })
    try {
      for (;;) {
        const event = inbox.shift()
        if (event) return event
        if (failure) throw failure
        if (expired) throw new TestingError('testing/timeout', `no ${wanted} within ${timeoutMs} ms`)
        await new Promise<void>((resolve) => waiting.push(() => resolve()))
      }
    } finally {
      timer[Symbol.dispose]()
    }
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
      pings += 1
      const id = `nothing-${pings}`
      client.send(`<iq type='get' id='${id}' to='${escapeAttribute(domain)}'><ping xmlns='${NS.ping}'/></iq>`)
      const element = await receive('the answer to a ping')
      if (element.attr('id') === id) return
      throw new TestingError('testing/unexpected', `nothing was expected, got ${show(element)}`)
    },
    async open(header) {
      reader = createStreamReader()
      client.send(header ?? streamHeader(domain))
      const event = await next('a stream header')
      if (event.kind !== 'open') throw new TestingError('testing/mismatch', 'expected a stream header')
      return { header: event.header, features: await receive('stream features') }
    },
    async login(account) {
      let { features } = await client.open()
      if (features.child('starttls', NS.tls)?.has('required', NS.tls)) {
        client.send(`<starttls xmlns='${NS.tls}'/>`)
        await client.expect(`<proceed xmlns='${NS.tls}'/>`)
        const secured = new Promise<void>((resolve) => {
          settleSecured = resolve
        })
        transport.startTls?.(domain)
        await secured
        features = (await client.open()).features
      }
      await authenticate(client, features, account)
      await client.open()
      jid = await bind(client, account.resource)
      return jid as FullJid
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

/** The header of a client's stream to a domain. */
export function streamHeader(domain: string): string {
  return (
    `<?xml version='1.0'?><stream:stream to='${escapeAttribute(domain)}' version='1.0' xml:lang='en'` +
    ` xmlns='${NS.client}' xmlns:stream='${NS.streams}'>`
  )
}

async function authenticate(client: WireClient, features: RawElement, account: WireLogin): Promise<void> {
  const list = features.child('mechanisms', NS.sasl)
  const offered = list ? list.children.map((_, i) => list.childAt(i).text()) : []
  const mechanisms = createSaslClient(account, { allowCleartext: true })
  const chosen = mechanisms.choose(offered)
  const sasl = chosen === undefined ? undefined : mechanisms.begin(chosen)
  if (!sasl) throw new TestingError('testing/login', `no common mechanism; offered: ${offered.join(' ')}`)
  const initial = await sasl.start()
  const text = initial === undefined ? '' : initial.length === 0 ? '=' : encodeBase64(initial)
  client.send(`<auth xmlns='${NS.sasl}' mechanism='${sasl.name}'>${text}</auth>`)
  for (;;) {
    const answer = await client.receive()
    const data = answer.text() === '' ? undefined : decodeBase64Strict(answer.text())
    if (answer.name === 'success') {
      sasl.finish(data)
      return
    }
    if (answer.name !== 'challenge') {
      throw new TestingError('testing/login', `login as ${account.username} failed: ${show(answer)}`)
    }
    const response = await sasl.next(data ?? new Uint8Array())
    client.send(`<response xmlns='${NS.sasl}'>${encodeBase64(response)}</response>`)
  }
}

async function bind(client: WireClient, resource: string | undefined): Promise<Jid> {
  const wish = resource === undefined ? '' : `<resource>${escapeAttribute(resource)}</resource>`
  client.send(`<iq type='set' id='bind'><bind xmlns='${NS.bind}'>${wish}</bind></iq>`)
  const result = await client.receive()
  const bound = result.child('bind', NS.bind)?.child('jid', NS.bind)?.text()
  if (result.attr('type') !== 'result' || !bound) {
    throw new TestingError('testing/login', `no resource was bound: ${show(result)}`)
  }
  return parseJid(bound)
}

function show(element: RawElement): string {
  return textFromWire(element.toWire())
}
