import { NS, type Stanza } from '@xmppkit/stanza'
import type { Element, RawElement } from '@xmppkit/xml'
import { TestingError } from './errors.js'
import { matchXml } from './match-xml.js'
import type { WireClient } from './wire-client.js'
import { show } from './wire-login.js'

/** The client's side of stream management (XEP-0198) over a {@link WireClient}: counts, and does nothing by itself. */
export interface ManagedClient {
  /** The client itself. Elements it is asked for directly are not counted. */
  readonly client: WireClient
  /** The id to resume the session with. */
  readonly id: string
  /** Stanzas received since it was enabled. */
  readonly handled: number
  /** Requests for an acknowledgement received since it was enabled. */
  readonly requests: number
  /** Sends something as it is. */
  send(what: string | Element | Stanza): void
  /**
   * Enables stream management; resolves with the server's answer.
   *
   * @param attributes - of `<enable/>`; `resume='true'` when absent
   */
  enable(attributes?: string): Promise<RawElement>
  /**
   * Resumes the session of another connection, which must be logged in without a resource; resolves with the server's answer.
   *
   * @param h - what to say was handled, if not what the other connection has counted
   */
  resume(previous: Pick<ManagedClient, 'id' | 'handled'>, h?: number): Promise<RawElement>
  /**
   * Takes note of what `<success/>` says (XEP-0388): `<enabled/>` of a session that was bound with it, or `<resumed/>`.
   *
   * @param h - what the client has handled of a session that goes on; 0 when absent
   * @returns that element, or `<failed/>`; `undefined` if there is none
   */
  loggedIn(success: RawElement, h?: number): RawElement | undefined
  /** Acknowledges what was received, or `h`. */
  acknowledge(h?: number): void
  /** The next stanza. */
  receive(): Promise<RawElement>
  /** The next stanza, which must match the pattern of `matchXml`. @throws TestingError `testing/mismatch` */
  expect(pattern: string): Promise<RawElement>
  /** The first stanza that matches; those before it are dropped. */
  find(pattern: string): Promise<RawElement>
  /** Asks for an acknowledgement and waits for it: how much the server has handled. What came meanwhile is still there. */
  settle(): Promise<number>
  /** The same, and checks that no stanza came. @throws TestingError `testing/unexpected` */
  expectNothing(): Promise<number>
  /** Takes the stanzas that came so far, once the server has handled what was sent. */
  receiveAll(): Promise<readonly RawElement[]>
  /** Drops them; they are counted. */
  forget(): Promise<void>
}

/**
 * Makes the client's side of stream management.
 *
 * @example
 * ```ts
 * const juliet = manageStream(await server.connect('juliet@example.org'))
 * await juliet.enable()
 * juliet.client.cut()
 * ```
 */
export function manageStream(client: WireClient): ManagedClient {
  const ns = NS.streamManagement
  const inbox: RawElement[] = []
  let id = ''
  let handled = 0
  let requests = 0

  /** Reads on until something that is asked for; stanzas before it are counted and kept. */
  const readUntil = async (wanted: (el: RawElement) => boolean): Promise<RawElement> => {
    for (;;) {
      const el = await client.receive()
      if (wanted(el)) return el
      if (el.ns === ns && el.name === 'r') requests += 1
      else if (el.ns === NS.client) {
        handled = (handled + 1) >>> 0
        inbox.push(el)
      } else throw new TestingError('testing/unexpected', `nothing like ${show(el)} was expected`)
    }
  }
  const answer = (...names: string[]) => readUntil((el) => el.ns === ns && names.includes(el.name))
  const receive = async () => {
    const kept = inbox.shift()
    if (kept) return kept
    const el = await readUntil(({ ns: one }) => one === NS.client)
    handled = (handled + 1) >>> 0
    return el
  }

  const managed: ManagedClient = {
    client,
    get id() {
      return id
    },
    get handled() {
      return handled
    },
    get requests() {
      return requests
    },
    send: (what) => client.send(what),
    async enable(attributes = "resume='true'") {
      client.send(`<enable xmlns='${ns}' ${attributes}/>`)
      const enabled = await answer('enabled', 'failed')
      id = enabled.attr('id') ?? ''
      handled = 0
      return enabled
    },
    async resume(previous, h = previous.handled) {
      client.send(`<resume xmlns='${ns}' previd='${previous.id}' h='${h}'/>`)
      const resumed = await answer('resumed', 'failed')
      if (resumed.name === 'resumed') {
        id = previous.id
        handled = h
      }
      return resumed
    },
    loggedIn(success, h = 0) {
      const bound = success.child('bound', NS.bind2)
      const answer = success.child('resumed', ns) ?? bound?.child('enabled', ns) ?? bound?.child('failed', ns)
      if (answer === undefined) return success.child('failed', ns)
      id = answer.attr('id') ?? answer.attr('previd') ?? ''
      handled = answer.name === 'resumed' ? h : 0
      return answer
    },
    acknowledge: (h = handled) => client.send(`<a xmlns='${ns}' h='${h}'/>`),
    receive,
    async expect(pattern) {
      const el = await receive()
      const mismatch = matchXml(el, pattern)
      if (mismatch === undefined) return el
      throw new TestingError('testing/mismatch', `${mismatch}\n  expected ${pattern}\n  got ${show(el)}`)
    },
    async find(pattern) {
      for (;;) {
        const el = await receive()
        if (matchXml(el, pattern) === undefined) return el
      }
    },
    async settle() {
      client.send(`<r xmlns='${ns}'/>`)
      return Number((await answer('a')).attr('h'))
    },
    async expectNothing() {
      const h = await managed.settle()
      const [first] = inbox
      if (first) throw new TestingError('testing/unexpected', `nothing was expected, got ${show(first)}`)
      return h
    },
    async receiveAll() {
      await managed.settle()
      return inbox.splice(0)
    },
    async forget() {
      await managed.receiveAll()
    },
  }
  return managed
}
