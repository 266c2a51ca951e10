import { AccountsService } from '@xmppkit/auth/module'
import { sessionPending } from '@xmppkit/c2s'
import { type FullJid, parseJid } from '@xmppkit/jid'
import { createManualClock, type ManualClock } from '@xmppkit/runtime'
import type { Server, ServerOptions } from '@xmppkit/server'
import { sessionClosed } from '@xmppkit/sessions'
import { type ManagedClient, manageStream, type WireClient } from '@xmppkit/testing'
import type { RawElement } from '@xmppkit/xml'
import { letAllPass } from '../transparency/tokens.js'
import { domains, inMemory, type Place, type Way, ways } from '../wire/ways.js'

export const domain = domains[0]
export const password = 'r0m30'

/** A handler in every hook that takes its time and changes nothing. */
const withHandlers: Way = {
  ...inMemory,
  name: 'in memory, with handlers that answer later',
  async open(options, deps) {
    const place = await inMemory.open(options, deps)
    await letAllPass(place.server, async (value) => value)
    return place
  },
}

/** Every way there is, by name. */
export const allWays = [...ways, withHandlers].map((way) => [way.name, way] as const)

/** A client of stream management, and its address. */
export interface Person extends ManagedClient {
  readonly jid: FullJid
}

/** A server with a clock that stands still, and the people of a test. */
export interface Scene extends AsyncDisposable {
  readonly server: Server
  readonly clock: ManualClock
  /** Dials without a word. */
  dial(): WireClient
  /** Logs in and binds a resource. */
  bound(name: string, resource?: string): Promise<Person>
  /** The same, enables stream management, and is available unless told otherwise. */
  managed(name: string, resource?: string, presence?: string): Promise<Person>
  /** Logs in without a resource. */
  authenticated(name: string): Promise<ManagedClient>
  /** Logs in and resumes. */
  resumed(previous: Person, h?: number): Promise<Person>
  /** Cuts a connection and waits until the server has noticed. */
  cut(person: Person): Promise<void>
  /** How many sessions wait to be resumed. */
  readonly waiting: number
}

/** Starts a server for one test. */
export async function openScene(way: Way, options: Partial<ServerOptions> = {}): Promise<Scene> {
  const clock = createManualClock()
  const place: Place = await way.open(
    {
      // What becomes of a message is to be seen here, and not what is kept besides.
      archive: { enabled: false },
      ...options,
      // Nobody answers pings, and only some tests are about who does not acknowledge.
      stream: { idleTimeoutMs: Number.POSITIVE_INFINITY },
      streamManagement: { ackTimeoutMs: Number.POSITIVE_INFINITY, ...options.streamManagement },
    },
    { clock },
  )
  const { server } = place
  const accounts = server.host().get(AccountsService)
  for (const name of ['juliet', 'romeo', 'nurse']) {
    const { bare } = parseJid(`${name}@${domain}`)
    if (!(await accounts.exists(bare))) await accounts.register(bare, password)
  }
  const { hooks } = server.host()
  const dialled: WireClient[] = []
  const pending = new Set<string>()
  const waits = new Set<() => void>()
  const changed = () => {
    for (const wake of waits) wake()
  }
  hooks.on(sessionPending, ({ session }) => {
    pending.add(session.jid.toString())
    changed()
  })
  hooks.on(sessionClosed, ({ session }) => {
    pending.add(session.jid.toString())
    changed()
  })
  const dial = () => {
    const client = place.dial(domain)
    dialled.push(client)
    return client
  }
  const bound = async (name: string, resource = 'r') => {
    const client = dial()
    const jid = await client.login({ username: name, password, resource })
    return withJid(manageStream(client), jid)
  }
  const authenticated = async (name: string) => {
    const client = dial()
    await client.authenticate({ username: name, password }, await client.secure())
    return manageStream(client)
  }
  return {
    server,
    clock,
    dial,
    bound,
    authenticated,
    async managed(name, resource, presence = '<presence/>') {
      const person = await bound(name, resource)
      await person.enable()
      if (presence !== '') {
        person.send(presence)
        await person.forget()
        person.acknowledge()
        await person.settle()
      }
      return person
    },
    async resumed(previous, h) {
      const client = await authenticated(previous.jid.local)
      const answer = await client.resume(previous, h)
      if (answer.name !== 'resumed') throw new Error(`not resumed: ${answer.toWire()}`)
      return withJid(client, previous.jid)
    },
    async cut({ client, jid }) {
      const key = jid.toString()
      pending.delete(key)
      client.cut()
      while (!pending.has(key)) await new Promise<void>((resolve) => waits.add(resolve))
    },
    get waiting() {
      return pending.size
    },
    async [Symbol.asyncDispose]() {
      for (const client of dialled) client.cut()
      await place[Symbol.asyncDispose]()
    },
  }
}

function withJid(client: ManagedClient, jid: FullJid): Person {
  return Object.assign(client, { jid })
}

/** A chat message. */
export function chat(to: string, id: string): string {
  return `<message to='${to}' type='chat' id='${id}'><body>${id}</body></message>`
}

/** The condition of `<failed/>`. */
export function failure(el: RawElement): string {
  return `${el.name} ${el.children.map(({ name }) => name).join()}`
}

const delayNs = 'urn:xmpp:delay'

/** The pattern of such a message; with the time it was first sent, or without. */
export function body(id: string, delayed?: boolean): string {
  if (delayed === undefined) return `<message id='${id}'><body>${id}</body></message>`
  const delay = delayed ? `<delay xmlns='${delayNs}' from='${domain}'/>` : ''
  return `<message id='${id}' _children='${delayed ? 2 : 1}'><body>${id}</body>${delay}</message>`
}
