import { NS } from '@xmppkit/stanza'
import { TestingError, type WireClient } from '@xmppkit/testing'
import type { RawElement } from '@xmppkit/xml'
import { domain, password } from './cast.js'

const sm = NS.streamManagement

/** What a client of stream management remembers of its session while it has no connection. */
interface Managed {
  readonly id: string
  /** Stanzas of the server it has handled. */
  handled: number
  /** Its own that the server has acknowledged. */
  acknowledged: number
  /** Messages among them of which it is not certain yet that no error follows. */
  readonly told: string[]
  /** Its own that it has not, oldest first. */
  readonly unacknowledged: Sent[]
}

interface Sent {
  readonly xml: string
  /** The message's id; undefined for whatever else it sends. */
  readonly id: string | undefined
}

/** What a client does, and what it tells. */
export interface ClientSetup {
  readonly account: string
  readonly resource: string
  /** Whether it manages its stream (XEP-0198). */
  readonly managed: boolean
  /** What it asks for once it has a session, before it is available. */
  readonly wants?: string
  /** Its presence, if it is available. */
  readonly presence?: string
  dial(): WireClient
  /** It has a new session: nothing of the last one comes any more. */
  opened(): void
  resumed(): void
  /** Its connection is gone, or about to go. */
  gone(how: string): void
  /** A stanza came. */
  heard(stanza: RawElement): void
  /**
   * The server has acknowledged this message of its own. `isLast`: the session is gone, and with it, perhaps, an error the
   * client has not read.
   */
  acknowledged(id: string, isLast: boolean): void
}

/** A client of the test: one resource, from connection to connection. */
export interface Client {
  /** Connects and logs in: goes on with the session it had, or opens a new one. False if the connection ended meanwhile. */
  arrive(how: 'resume' | 'anew'): Promise<boolean>
  /** True while it has a session on a connection. */
  readonly connected: boolean
  /** Whether there is a session it could go on with. */
  readonly resumable: boolean
  /** Whether it answers when it is asked for an acknowledgement. */
  attentive: boolean
  /** Sends stanzas; `id` names a message. */
  send(xml: string, id?: string): void
  /** Asks the server what it has handled. */
  request(): void
  /** Acknowledges what it has handled so far, if it manages its stream. */
  acknowledge(): void
  /** The same, and asks something; true once the answer is there, false if the connection ended before. */
  confirm(): Promise<boolean>
  /** Cuts its connection without a word, and without reading what has arrived. */
  cut(): void
  /** Says goodbye and waits for the end. */
  leave(): Promise<void>
  /** Resolves when its connection is gone and all that came over it was read. */
  gone(): Promise<void>
}

/** The end of a connection, as opposed to something that is wrong. */
const isEnd = (error: unknown) => error instanceof TestingError && error.code === 'testing/closed'

/** Makes a client without a connection. */
export function createClient(setup: ClientSetup): Client {
  let wire: WireClient | undefined
  let reading: Promise<void> = Promise.resolve()
  let session: Managed | undefined
  let connected = false
  let pings = 0
  const answers = new Map<string, (came: boolean) => void>()

  // Errors come before the acknowledgement of what caused them; of a session that goes on, after it was said so.
  const acknowledgedUpTo = (h: number, managed: Managed, when: 'now' | 'resumed' | 'ended') => {
    while (managed.acknowledged < h) {
      const sent = managed.unacknowledged.shift()
      if (sent === undefined) throw new Error(`${setup.account}: ${h} acknowledged, more than was sent`)
      managed.acknowledged += 1
      if (sent.id !== undefined) managed.told.push(sent.id)
    }
    if (when === 'resumed') return
    for (const id of managed.told.splice(0)) setup.acknowledged(id, when === 'ended')
  }

  const control = (el: RawElement) => {
    if (session === undefined) return
    if (el.name === 'a') acknowledgedUpTo(Number(el.attr('h')), session, 'now')
    else if (el.name === 'r' && client.attentive) client.acknowledge()
  }

  const take = (el: RawElement) => {
    if (el.ns === sm) return control(el)
    // A stream error ends the stream; what became of the session shows when somebody asks for it.
    if (el.ns !== NS.client) return
    if (session !== undefined) session.handled += 1
    const id = el.attr('id') ?? ''
    const answered = el.name === 'iq' ? answers.get(id) : undefined
    if (answered === undefined) return setup.heard(el)
    answers.delete(id)
    answered(true)
  }

  const read = async (from: WireClient) => {
    try {
      for (;;) {
        const el = await from.receive()
        // What comes over a connection it has left is not handled: it comes again over the other one.
        if (wire === from) take(el)
      }
    } catch (error) {
      if (isEnd(error)) return
      const [first] = session?.unacknowledged ?? []
      throw new Error(`${String(error)}; what the server has not acknowledged begins with ${first?.xml}`, {
        cause: error,
      })
    } finally {
      if (wire === from) {
        setup.gone('has lost its connection')
        unanswered()
      }
    }
  }

  const unanswered = () => {
    connected = false
    for (const answered of answers.values()) answered(false)
    answers.clear()
  }

  const ask = async (on: WireClient, xml: string): Promise<RawElement> => {
    on.send(xml)
    return on.receive()
  }

  const resume = async (on: WireClient, managed: Managed): Promise<boolean> => {
    const answer = await ask(on, `<resume xmlns='${sm}' previd='${managed.id}' h='${managed.handled}'/>`)
    const h = answer.attr('h')
    const goesOn = answer.name === 'resumed'
    if (h !== undefined) acknowledgedUpTo(Number(h), managed, goesOn ? 'resumed' : 'ended')
    if (!goesOn) return false
    for (const { xml } of managed.unacknowledged) on.send(xml)
    return true
  }

  const open = async (on: WireClient) => {
    const { resource } = setup
    await ask(
      on,
      `<iq type='set' id='b'><bind xmlns='${NS.bind}'><resource>${resource}</resource></bind></iq>`,
    )
    session = undefined
    setup.opened()
    if (!setup.managed) return
    // Whatever is sent to the address from now on may come first, and does not count.
    on.send(`<enable xmlns='${sm}' resume='true'/>`)
    for (;;) {
      const el = await on.receive()
      if (el.ns !== sm) take(el)
      else {
        session = { id: el.attr('id')!, handled: 0, acknowledged: 0, told: [], unacknowledged: [] }
        return
      }
    }
  }

  const logIn = async (on: WireClient, how: 'resume' | 'anew') => {
    await on.authenticate({ username: setup.account, password }, await on.secure())
    if (how === 'resume' && session !== undefined && (await resume(on, session))) setup.resumed()
    else await open(on)
  }

  const begin = (on: WireClient, isNew: boolean) => {
    connected = true
    reading = read(on)
    if (!isNew) return
    if (setup.wants !== undefined) client.send(setup.wants)
    if (setup.presence !== undefined) client.send(setup.presence)
  }

  const client: Client = {
    attentive: true,
    get connected() {
      return connected
    },
    get resumable() {
      return session !== undefined
    },
    async arrive(how) {
      const before = session
      const on = setup.dial()
      wire = on
      unanswered()
      try {
        await logIn(on, how)
      } catch (error) {
        if (isEnd(error)) return false
        throw error
      }
      begin(on, session === undefined || session !== before)
      return true
    },
    send(xml, id) {
      session?.unacknowledged.push({ xml, id })
      wire?.send(xml)
    },
    request: () => session && wire?.send(`<r xmlns='${sm}'/>`),
    acknowledge: () => session && wire?.send(`<a xmlns='${sm}' h='${session.handled}'/>`),
    confirm() {
      client.acknowledge()
      const id = `confirm-${pings++}`
      return new Promise((resolve) => {
        answers.set(id, resolve)
        client.send(`<iq type='get' id='${id}' to='${domain}'><ping xmlns='${NS.ping}'/></iq>`)
        if (!connected) {
          answers.delete(id)
          resolve(false)
        }
      })
    },
    cut() {
      const left = wire
      if (left) setup.gone('cuts its connection')
      wire = undefined
      unanswered()
      left?.cut()
    },
    async leave() {
      setup.gone('says goodbye')
      wire?.send('</stream:stream>')
      await reading
      session = undefined
      client.cut()
    },
    gone: () => reading,
  }
  return client
}
