import { AccountsService } from '@xmppkit/auth/module'
import { parseJid } from '@xmppkit/jid'
import { type Clock, createJsonLogger } from '@xmppkit/runtime'
import { createServer, type Server, type ServerOptions } from '@xmppkit/server'
import {
  createPipe,
  createWireClient,
  type PipeOptions,
  streamHeader,
  type WireClient,
} from '@xmppkit/testing'
import { textFromWire, type Wire, wireFromBytes, wireFromText } from '@xmppkit/xml'
import { expect } from 'vitest'

/** The domain of all these tests. */
export const domain = 'hostile.test'

/** Everybody's password. */
export const password = 'correct horse battery staple'

/** The header of a client's stream. */
export const header = streamHeader(domain)

/** A connection that says what it is told to, byte by byte if need be, and keeps what it hears as it came. */
export interface Line {
  /** The client that speaks on it, to get where the attack begins. */
  readonly client: WireClient
  /** Sends text or bytes as they are. */
  send(what: string | Uint8Array): void
  /** What the server has said since {@link Line.forget}. */
  heard(): string
  /** Forgets what the server has said so far. */
  forget(): void
  /** Resolves with what the server said last, when it has ended the connection. */
  readonly gone: Promise<string>
  /** Reads nothing any more, or reads on. */
  read(on: boolean): void
}

/** A server in memory, people who talk on it, and lines for who disturbs them. */
export interface Scene extends AsyncDisposable {
  readonly server: Server
  /** What it has logged, a line an entry. */
  readonly log: readonly string[]
  /** Connects without a word. */
  line(options?: PipeOptions): Line
  /** Connects somebody and logs them in. */
  person(name: string, resource?: string): Promise<Line>
  /** Two who have been there all the time write to each other, and nothing else reaches them. */
  othersChat(): Promise<void>
  /** What was logged as an error. */
  errors(): string[]
}

/** Settings of {@link openScene}: those of the server, and its clock. */
export interface SceneOptions extends Partial<ServerOptions> {
  readonly clock?: Clock
}

/** Starts a server with a few accounts; two of them are there. */
export async function openScene({ clock, ...options }: SceneOptions = {}): Promise<Scene> {
  const log: string[] = []
  const server = await createServer(
    { domains: [domain], accounts: { hashes: ['SHA-1'], iterations: 4096 }, ...options },
    {
      logger: createJsonLogger((line) => log.push(line), { level: 'debug' }),
      ...(clock && { clock }),
    },
  )
  const line = (pipe: PipeOptions = {}) => openLine(server, pipe)
  const person = async (name: string, resource = 'r') => {
    const opened = line()
    await opened.client.login({ username: name, password, resource })
    opened.forget()
    return opened
  }
  for (const name of ['juliet', 'romeo', 'mallory']) await register(server, name)
  const [juliet, romeo] = [await person('juliet'), await person('romeo')]
  let said = 0
  return {
    server,
    log,
    line,
    person,
    errors: () => log.filter((entry) => entry.includes('"level":"error"')),
    async othersChat() {
      said++
      romeo.send(`<message to='juliet@${domain}/r' id='${said}'><body>still there?</body></message>`)
      await juliet.client.expect(`<message from='romeo@${domain}/r' id='${said}'/>`)
      await juliet.client.expectNothing()
      await romeo.client.expectNothing()
    },
    [Symbol.asyncDispose]: () => server.close(),
  }
}

/** Creates an account with everybody's password. */
async function register(server: Server, name: string): Promise<void> {
  await server
    .host()
    .get(AccountsService)
    .register(parseJid(`${name}@${domain}`).bare, password)
}

function openLine(server: Server, pipe: PipeOptions): Line {
  const ends = createPipe(pipe)
  ends.server.attach(server.accept(ends.server))
  let text = ''
  let onGone: (text: string) => void
  const gone = new Promise<string>((resolve) => {
    onGone = resolve
  })
  const transport = {
    ...ends.client,
    write: (wire: Wire) => ends.client.write(wire),
    startTls: () => ends.client.startTls?.(domain),
    end: () => ends.client.end(),
    destroy: () => ends.client.destroy(),
    attach(sink: Parameters<typeof ends.client.attach>[0]) {
      ends.client.attach({
        receive(chunk) {
          text += textFromWire(wireFromBytes(chunk))
          sink.receive(chunk)
        },
        secured: (tls) => sink.secured(tls),
        drained: () => sink.drained(),
        disconnected(error) {
          onGone(text)
          sink.disconnected(error)
        },
      })
    },
  }
  const client = createWireClient({ transport }, { domain, timeoutMs: 20_000 })
  return {
    client,
    send: (what) =>
      void ends.client.write(typeof what === 'string' ? wireFromText(what) : wireFromBytes(what)),
    heard: () => text,
    forget() {
      text = ''
    },
    gone,
    read(on) {
      if (on) ends.client.resume()
      else ends.client.pause()
    },
  }
}

/** What a stream that ends with this error says last; without a header if it has said one before. */
export function farewell(condition: string, { withHeader }: { withHeader: boolean }): RegExp {
  const own = "<\\?xml version='1\\.0'\\?><stream:stream [^<>]*>"
  const error = `<stream:error[^<>]*><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-streams"/>(<text [^<>]*>[^<>]*</text>)?</stream:error>`
  return new RegExp(`^${withHeader ? own : ''}${error}</stream:stream>$`)
}

/** A point of a connection's life at which somebody may begin to misbehave. */
export interface Stage {
  readonly name: string
  /** Whether the server has still to say its header. */
  readonly headerDue: boolean
  /** Whether somebody is logged in. */
  readonly loggedIn: boolean
  /** Gets a connection there. */
  reach(scene: Scene): Promise<Line>
}

const plain = Buffer.from(`\0mallory\0${password}`).toString('base64')

async function authenticated(scene: Scene): Promise<Line> {
  const line = scene.line()
  await line.client.open()
  line.send(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${plain}</auth>`)
  await line.client.expect("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
  return line
}

/** Every stage, from the first byte to a session. */
export const stages: readonly Stage[] = [
  { name: 'before a header', headerDue: true, loggedIn: false, reach: async (scene) => scene.line() },
  {
    name: 'before STARTTLS',
    headerDue: false,
    loggedIn: false,
    async reach(scene) {
      const line = scene.line({ secure: false })
      await line.client.open()
      return line
    },
  },
  {
    name: 'before a login',
    headerDue: false,
    loggedIn: false,
    async reach(scene) {
      const line = scene.line()
      await line.client.open()
      return line
    },
  },
  {
    name: 'amid a login',
    headerDue: false,
    loggedIn: false,
    async reach(scene) {
      const line = scene.line()
      await line.client.open()
      const first = Buffer.from('n,,n=mallory,r=abcdefgh').toString('base64')
      line.send(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>${first}</auth>`)
      await line.client.expect("<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
      return line
    },
  },
  { name: 'between login and new header', headerDue: true, loggedIn: true, reach: authenticated },
  {
    name: 'before binding',
    headerDue: false,
    loggedIn: true,
    async reach(scene) {
      const line = await authenticated(scene)
      await line.client.open()
      return line
    },
  },
  { name: 'in a session', headerDue: false, loggedIn: true, reach: (scene) => scene.person('mallory') },
]

/**
 * Misbehaves at a stage: the stream ends with this error and nothing else, behind a header of ours if none was said yet, and
 * the others go on talking.
 */
export async function expectFarewell(
  scene: Scene,
  stage: Stage,
  attack: string | Uint8Array,
  condition: string,
): Promise<void> {
  const line = await stage.reach(scene)
  line.forget()
  line.send(attack)
  // What follows is never looked at (S-9), so it makes no difference.
  line.send(`<message to='juliet@${domain}/r'><body>after the end</body></message>`)
  expect(await line.gone).toMatch(farewell(condition, { withHeader: stage.headerDue }))
  await scene.othersChat()
  expect(scene.errors()).toEqual([])
}
