import { drop, type Hooks } from '@xmppkit/hooks'
import type { Jid } from '@xmppkit/jid'
import { archivedAs, fateListener, type MessageFate, receivePacket } from '@xmppkit/sessions'
import { isStanzaError, readStanzaError, type Stanza, StanzaError } from '@xmppkit/stanza'

/**
 * What became of something sent, as far as this server knows when it has taken responsibility for it.
 *
 * - `delivered`: a session of the addressee took it
 * - `stored`: it waits for the addressee, or is in their archive
 * - `routed`: another server or service has it; should that refuse it later, nobody hears of it
 * - `handled`: a feature dealt with it, such as the roster with a subscription
 * - `discarded`: nobody wanted it, and nobody is told, as with headlines for somebody who is away
 */
export interface Sent {
  /** What became of it. */
  readonly status: MessageFate | 'routed' | 'handled'
  /** Its id: as it was given, or a new one. */
  readonly id: string
  /** Its id in the archive of its sender (XEP-0359), if it was archived and that is known here. */
  readonly archiveId?: string
}

/** Somebody refused it: a policy of the sender's, of the addressee's, or because there is nobody. */
export interface Rejected {
  /** It was refused. */
  readonly status: 'rejected'
  /** Its id. */
  readonly id: string
  /** Why: what a client would have been told. */
  readonly error: StanzaError
}

/** What became of something sent. */
export type SendOutcome = Sent | Rejected

/** Finds out what becomes of what is sent. */
export interface Outcomes extends Disposable {
  /**
   * Follows a stanza with addressee and id until the server has taken responsibility for it.
   *
   * @param from - whom an error will be for
   * @param pass - sends it; answers with what was routed, or `undefined` if somebody took it out
   */
  follow(
    from: Jid,
    stanza: Stanza,
    pass: (tracked: Stanza) => Promise<Stanza | undefined>,
  ): Promise<SendOutcome>
}

/** What {@link createOutcomes} needs. */
export interface OutcomesDeps {
  /** The host's hooks: errors come back by `receivePacket`. */
  readonly hooks: Pick<Hooks, 'on'>
  /** Which domains are those of the host. */
  readonly domains: { has(domain: string): boolean }
}

/** Where in `receivePacket` an error for one of us is taken: before anybody else looks at it. */
const first = 5

/** Makes the outcomes of a host. */
export function createOutcomes({ hooks, domains }: OutcomesDeps): Outcomes {
  const refusals = new Map<string, (error: StanzaError) => void>()
  const registration = hooks.on(
    receivePacket,
    (stanza) => {
      if (refusals.size === 0 || stanza.type !== 'error' || stanza.kind !== 'message') return stanza
      const tell = refusals.get(keyOf(stanza.to, stanza.from, stanza.id))
      if (tell === undefined) return stanza
      tell(readStanzaError(stanza) ?? new StanzaError('undefined-condition'))
      return drop
    },
    { seq: first, label: 'in-process' },
  )

  const unknownFate = ({ kind, to }: Stanza) =>
    kind === 'message' && to !== undefined && to.local !== '' && domains.has(to.domain)
      ? 'discarded'
      : 'routed'

  const sent = async (stanza: Stanza, pass: Parameters<Outcomes['follow']>[2]): Promise<Sent> => {
    const id = stanza.id ?? ''
    let fate: MessageFate | undefined
    const tracked = stanza.withMeta(fateListener, (told) => {
      fate = told
    })
    const passed = await pass(tracked)
    if (passed === undefined) return { status: 'handled', id }
    const archived = passed.meta(archivedAs)
    return { status: fate ?? unknownFate(stanza), id, ...(archived && { archiveId: archived.id }) }
  }

  return {
    async follow(from, stanza, pass) {
      const id = stanza.id ?? ''
      const key = keyOf(from, stanza.to, id)
      let refusal: StanzaError | undefined
      const refused = (error: StanzaError) => {
        refusal = error
      }
      refusals.set(key, refused)
      try {
        const outcome = await sent(stanza, pass)
        return refusal === undefined ? outcome : { status: 'rejected', id, error: refusal }
      } catch (error) {
        if (isStanzaError(error)) return { status: 'rejected', id, error }
        throw error
      } finally {
        if (refusals.get(key) === refused) refusals.delete(key)
      }
    },
    [Symbol.dispose]: () => registration[Symbol.dispose](),
  }
}

function keyOf(from: Jid | undefined, to: Jid | undefined, id: string | undefined): string {
  return `${from} ${to} ${id}`
}
