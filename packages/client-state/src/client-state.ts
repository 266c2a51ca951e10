import {
  type C2s,
  type C2sSession,
  type SessionContext,
  sessionResumed,
  userReceivePacket,
} from '@xmppkit/c2s'
import { type Drop, drop, type Hooks } from '@xmppkit/hooks'
import { createScope } from '@xmppkit/runtime'
import { type SessionRecord, type Sessions, sessionClosed } from '@xmppkit/sessions'
import { NS, type Stanza } from '@xmppkit/stanza'
import type { StreamFeature } from '@xmppkit/stream'
import { type ClientStateOptions, clientStateDefaults } from './client-state-options.js'
import { holdingKey } from './importance.js'
import { clientStateFeature } from './stream-feature.js'

/** Collaborators of {@link createClientState}. */
export interface ClientStateDeps {
  /** The host's hooks: what is written to clients passes them. */
  readonly hooks: Pick<Hooks, 'on'>
  /** Whose stream it is that says something. */
  readonly sessions: Pick<Sessions, 'resources'>
  /** Where clients say so together with their binding (XEP-0386). @default nowhere */
  readonly bind2?: C2s['bind2']
}

/** A session, as far as its state is concerned. */
export type StatefulSession = Pick<SessionRecord, 'sid'>

/** Which clients are being looked at, and what waits for the others. */
export interface ClientState extends AsyncDisposable {
  /** Lets clients say so; for the features of their streams. */
  readonly feature: StreamFeature
  /** Whether nobody looks at the client now. Of no concern to other entities (XEP-0352 §7). */
  isInactive(session: StatefulSession): boolean
  /** Nobody looks at the client any more: what is not important waits. */
  inactive(session: StatefulSession): void
  /** Somebody does: what waits is sent, in order, before this returns. */
  active(session: StatefulSession): void
  /** Ends: everybody is active and gets what waits. */
  close(): Promise<void>
}

/** What waits for one client. A key put in again comes last. */
interface Holding {
  readonly held: Map<string, Stanza>
  bytes: number
  /** The session, once something came for it. */
  session: C2sSession | undefined
}

/** Where in `userReceivePacket` stanzas wait: after everybody who changes them, for they are not asked again. */
const afterEverything = 100
/** Where among what a session gets as it is bound. */
const whileBinding = 50
const label = 'client-state'

/**
 * Holds back what an idle client can do without (XEP-0352): presence, chat states and what contacts publish, the latest of
 * each. Anything important is preceded by what waits, so that order holds.
 *
 * What waits counts as delivered and ends with the session; nothing of it is of any use to another one.
 *
 * @example
 * ```ts
 * const clientState = createClientState({ hooks, sessions })
 * scope.use(c2s.features.add(clientState.feature))
 * ```
 */
export function createClientState(deps: ClientStateDeps, options: ClientStateOptions = {}): ClientState {
  const settings = Object.freeze({ ...clientStateDefaults, ...options })
  const { hooks, sessions } = deps
  // Inactive sessions only: an active one costs one look into a table, or none.
  const idle = new Map<string, Holding>()

  const active = ({ sid }: StatefulSession) => {
    const holding = idle.get(sid)
    if (!holding) return
    idle.delete(sid)
    flush(holding)
  }

  const hold = (holding: Holding, key: string, stanza: Stanza): Drop => {
    const { held } = holding
    holding.bytes += stanza.raw.size - (held.get(key)?.raw.size ?? 0)
    held.delete(key)
    held.set(key, stanza)
    if (held.size > settings.maxHeld || holding.bytes > settings.maxHeldBytes) flush(holding)
    return drop
  }

  const filter = (stanza: Stanza, { session }: SessionContext): Stanza | Drop => {
    const holding = idle.size === 0 ? undefined : idle.get(session.sid)
    if (holding === undefined) return stanza
    holding.session = session
    const key = holdingKey(stanza, settings)
    if (key !== undefined) return hold(holding, key, stanza)
    flush(holding)
    return stanza
  }

  const inactive = ({ sid }: StatefulSession) => {
    if (!idle.has(sid)) idle.set(sid, { held: new Map(), bytes: 0, session: undefined })
  }

  const scope = createScope()
  scope.defer(() => {
    for (const sid of idle.keys()) active({ sid })
  })
  scope.use(hooks.on(userReceivePacket, filter, { seq: afterEverything, label }))
  // XEP-0352 §5.2: it goes on on another connection, where it starts as active, and has got what it missed.
  scope.use(hooks.on(sessionResumed, ({ session }) => active(session), { label }))
  if (deps.bind2) {
    scope.use(
      deps.bind2.add({
        name: label,
        seq: whileBinding,
        feature: NS.clientState,
        wants: (request) => request.has('inactive', NS.clientState),
        negotiate({ session }) {
          // Of one that has ended meanwhile nobody would be told again.
          if (!session.ended) inactive(session)
          return undefined
        },
      }),
    )
  }
  scope.use(hooks.on(sessionClosed, ({ session }) => void idle.delete(session.sid), { label }))

  return {
    feature: clientStateFeature(sessions, { active, inactive }),
    isInactive: ({ sid }) => idle.has(sid),
    inactive,
    active,
    close: () => scope.close(),
    [Symbol.asyncDispose]: () => scope.close(),
  }
}

function flush(holding: Holding): void {
  const { held, session } = holding
  if (held.size === 0) return
  const stanzas = [...held.values()]
  held.clear()
  holding.bytes = 0
  for (const stanza of stanzas) session?.send(stanza)
}
