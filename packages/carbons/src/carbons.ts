import {
  type C2s,
  type SessionContext,
  userReceivePacket,
  userReceiveSeq,
  userSendPacket,
  userSendSeq,
} from '@xmppkit/c2s'
import type { Hooks } from '@xmppkit/hooks'
import type { Iq } from '@xmppkit/iq'
import type { BareJid, Jid } from '@xmppkit/jid'
import { createScope } from '@xmppkit/runtime'
import {
  copiesOf,
  inCustody,
  isCopy,
  receivePacket,
  type SessionRecord,
  type Sessions,
  sessionClosed,
  sharedWith,
  storing,
} from '@xmppkit/sessions'
import { NS, type Stanza, StanzaError } from '@xmppkit/stanza'
import { carbonCopy } from './carbon-copy.js'
import { type CarbonsOptions, carbonsDefaults } from './carbons-options.js'
import { carbonsDisable, carbonsEnable } from './carbons-payload.js'
import { CopyLog } from './copy-log.js'
import { isEligible, withoutForgeries } from './eligible.js'

/** Collaborators of {@link createCarbons}. */
export interface CarbonsDeps {
  /** The host's hooks: messages come through them. */
  readonly hooks: Pick<Hooks, 'on'>
  /** The account's other clients, and the way to them. */
  readonly sessions: Pick<Sessions, 'resources' | 'deliverTo'>
  /** Where clients ask for copies. */
  readonly iq: Pick<Iq, 'handle'>
  /** Where they ask for them together with their binding (XEP-0386). @default nowhere */
  readonly bind2?: C2s['bind2']
}

/** A session, as far as carbons are concerned. */
export type CarbonsSession = Pick<SessionRecord, 'sid' | 'jid'>

/** Copies of messages for the other clients of an account. */
export interface Carbons extends AsyncDisposable {
  /**
   * From now on the session gets copies; again and again is the same as once. It lasts as long as the session, on
   * whichever connection. Clients ask by iq or while they bind; others may do so here.
   *
   * @returns false if the session is not open
   */
  enable(session: CarbonsSession): boolean
  /** It gets none any more. */
  disable(session: CarbonsSession): void
  /** Whether it gets copies. */
  isEnabled(session: CarbonsSession): boolean
  /** Ends: nothing is copied any more. */
  close(): Promise<void>
}

/** Where in `userSendPacket` and `receivePacket` forged copies are cleaned: before policies and archives see them. */
const beforePolicies = 20
/** Where among what a session gets as it is bound: before what comes late, such as a look at the archive. */
const whileBinding = 50
const label = 'carbons'

/**
 * Copies what one client of an account sends or gets to the others that want it (XEP-0280).
 *
 * Nobody gets a message and a copy of it: those that RFC 6121 §8.5 gives the message itself are left out, and one that
 * has a copy in its hands is passed over should the message look for another client later.
 *
 * @example
 * ```ts
 * const carbons = createCarbons({ hooks, sessions, iq })
 * carbons.enable(session)
 * ```
 */
export function createCarbons(deps: CarbonsDeps, options: CarbonsOptions = {}): Carbons {
  const { hooks, sessions, iq } = deps
  const { onlyAvailable } = Object.freeze({ ...carbonsDefaults, ...options })
  // Sids by account: an account nobody enabled carbons for costs one look.
  const enabled = new Map<string, Set<string>>()
  const sidsOf = (account: BareJid) => enabled.get(account.toString())

  const disable = ({ sid, jid }: CarbonsSession) => {
    const sids = sidsOf(jid.bare)
    if (sids?.delete(sid) && sids.size === 0) enabled.delete(jid.bare.toString())
  }

  const enable = ({ sid, jid }: CarbonsSession): boolean => {
    if (!sessions.resources(jid.bare).some((session) => session.sid === sid)) return false
    const sids = sidsOf(jid.bare) ?? new Set()
    sids.add(sid)
    enabled.set(jid.bare.toString(), sids)
    return true
  }

  const asking = (from: Jid, account: BareJid): SessionRecord => {
    const found = sessions.resources(account).find(({ jid }) => jid.equals(from))
    // XEP-0280 §4.1, §5.1: somebody else's client, or none.
    if (!found) throw new StanzaError('not-allowed')
    return found
  }

  const targets = (account: BareJid, sids: ReadonlySet<string>) =>
    sessions
      .resources(account)
      .filter(({ sid, presence }) => sids.has(sid) && !(onlyAvailable && presence === undefined))

  const copySent = (stanza: Stanza, sender: SessionContext['session']): Stanza => {
    const { account } = sender
    const sids = sidsOf(account)
    // What goes to the own account is copied when it is known which clients get it.
    if (!sids || !stanza.to || stanza.to.bare.equals(account) || !isEligible(stanza, 'sent')) return stanza
    const others = targets(account, sids).filter(({ sid }) => sid !== sender.sid)
    if (others.length === 0) return stanza
    const copy = carbonCopy(stanza, 'sent', account)
    const send = () => {
      for (const { sid, jid } of others) void sessions.deliverTo(sid, copy.with({ to: jid }))
    }
    // What is not archived yet nobody gets (rule MAM-1); and nobody waits for it here.
    const pending = stanza.meta(storing)
    if (pending) pending.whenDurable(send)
    else send()
    return stanza
  }

  const receivers = (stanza: Stanza, receiver: SessionContext['session'], log: CopyLog) => {
    const sids = sidsOf(receiver.account)
    if (!sids) return []
    const sharing = stanza.meta(sharedWith)
    const hasItself = (sid: string) => sid === receiver.sid || sharing?.some((one) => one.sid === sid)
    return targets(receiver.account, sids).filter(
      ({ sid, jid }) => !hasItself(sid) && !log.has(jid) && !stanza.from?.equals(jid),
    )
  }

  const copyReceived = (stanza: Stanza, receiver: SessionContext['session'], log: CopyLog) => {
    let copy: Stanza | undefined
    for (const { sid, jid } of receivers(stanza, receiver, log)) {
      copy ??= carbonCopy(stanza, 'received', receiver.account)
      void sessions.deliverTo(sid, copy.with({ to: jid }), log.add(jid, stanza.meta(inCustody)))
    }
  }

  const noted = (stanza: Stanza): Stanza => {
    if (stanza.kind !== 'message') return stanza
    const message = withoutForgeries(stanza)
    if (enabled.size === 0 || !message.to || !sidsOf(message.to.bare)) return message
    return isEligible(message, 'received') ? message.withMeta(copiesOf, new CopyLog()) : message
  }

  const received = (stanza: Stanza, { session }: SessionContext): Stanza => {
    const log = stanza.kind === 'message' ? stanza.meta(copiesOf) : undefined
    if (log instanceof CopyLog && stanza.meta(isCopy) !== true) copyReceived(stanza, session, log)
    return stanza
  }

  const scope = createScope()
  if (deps.bind2) {
    scope.use(
      deps.bind2.add({
        name: label,
        seq: whileBinding,
        feature: NS.carbons,
        wants: (request) => request.has('enable', NS.carbons),
        // It cannot fail, and so has no answer (XEP-0386 §3.2).
        negotiate: ({ session }) => void enable(session),
      }),
    )
  }
  scope.use(
    iq.handle(carbonsEnable, 'account', ({ from, to }) => {
      enable(asking(from, to.bare))
    }),
  )
  scope.use(iq.handle(carbonsDisable, 'account', ({ from, to }) => disable(asking(from, to.bare))))
  scope.use(
    hooks.on(userSendPacket, (stanza) => (stanza.kind === 'message' ? withoutForgeries(stanza) : stanza), {
      seq: beforePolicies,
      label,
    }),
  )
  scope.use(
    hooks.on(
      userSendPacket,
      (stanza, { session }) => (stanza.kind === 'message' ? copySent(stanza, session) : stanza),
      { seq: userSendSeq.carbons, label },
    ),
  )
  scope.use(hooks.on(receivePacket, noted, { seq: beforePolicies, label }))
  scope.use(hooks.on(userReceivePacket, received, { seq: userReceiveSeq.carbons, label }))
  scope.use(hooks.on(sessionClosed, ({ session }) => disable(session), { label }))

  return {
    enable,
    disable,
    isEnabled: ({ sid, jid }) => sidsOf(jid.bare)?.has(sid) === true,
    close: () => scope.close(),
    [Symbol.asyncDispose]: () => scope.close(),
  }
}
