import { removeUser } from '@xmppkit/auth'
import type { Disco } from '@xmppkit/disco'
import type { Hooks } from '@xmppkit/hooks'
import type { Iq } from '@xmppkit/iq'
import type { BareJid } from '@xmppkit/jid'
import { type Awaitable, type Clock, disposable } from '@xmppkit/runtime'
import { presenceUnset, type Sessions, sessionClosed } from '@xmppkit/sessions'
import { attr, body, boundedString, defineIq, element, intBetween, NS, StanzaError } from '@xmppkit/stanza'
import type { LastActivityStore } from './ports.js'

/** Asks how long somebody has been away, or a server has been up (XEP-0012). */
export const lastActivityGet = defineIq({
  type: 'get',
  request: element('query', NS.lastActivity, {}),
  result: element('query', NS.lastActivity, {
    seconds: attr('seconds', intBetween(0, Number.MAX_SAFE_INTEGER)),
    status: body(boundedString({ max: 65_536 })),
  }),
})

/** Collaborators of {@link createLastActivity}. */
export interface LastActivityDeps {
  /** Answers the requests. */
  readonly iq: Pick<Iq, 'handle'>
  /** Knows who may see an account's presence. */
  readonly disco: Pick<Disco, 'mayQuery'>
  /** Tells when sessions end and accounts are removed. */
  readonly hooks: Pick<Hooks, 'on'>
  /** Knows who is available. */
  readonly sessions: Pick<Sessions, 'resources'>
  /** Keeps what happened. */
  readonly store: LastActivityStore
  /** Knows the time. */
  readonly clock: Pick<Clock, 'now' | 'monotonic'>
}

/** What {@link createLastActivity} can be told. */
export interface LastActivityOptions {
  /** Longest status that is kept, in UTF-16 units; a longer one is cut. @default 1024 */
  readonly maxStatusLength?: number
}

/** What {@link createLastActivity} uses for options not given. */
export const lastActivityDefaults = Object.freeze({ maxStatusLength: 1024 })

/**
 * Answers how long a server has been up, and to those that may see an account's presence how long it has been away and
 * with which words it left (XEP-0012). Records that when an available session becomes unavailable or ends, and forgets
 * it with the account.
 *
 * @example
 * ```ts
 * const store = createMemoryLastActivityStore()
 * scope.use(createLastActivity({ iq, disco, hooks, sessions, store, clock: systemClock }))
 * ```
 */
export function createLastActivity(deps: LastActivityDeps, options: LastActivityOptions = {}): Disposable {
  const { maxStatusLength } = Object.freeze({ ...lastActivityDefaults, ...options })
  const { iq, disco, hooks, sessions, store, clock } = deps
  const startedAt = clock.monotonic()

  function record(account: BareJid, status: string): Awaitable<void> {
    return store.set(account, { at: clock.now(), status: cut(status, maxStatusLength) })
  }

  async function answer(account: BareJid) {
    if (sessions.resources(account).some((session) => session.presence !== undefined)) {
      return { seconds: 0, status: '' }
    }
    const last = await store.get(account)
    if (last === undefined) throw new StanzaError('service-unavailable')
    return { seconds: wholeSeconds(clock.now() - last.at), status: last.status }
  }

  const registrations = [
    iq.handle(lastActivityGet, 'server', () => ({
      seconds: wholeSeconds(clock.monotonic() - startedAt),
      status: '',
    })),
    iq.handle(lastActivityGet, 'account', async ({ from, to }) => {
      if (!(await disco.mayQuery(to.bare, from))) throw new StanzaError('forbidden')
      return answer(to.bare)
    }),
    hooks.on(presenceUnset, ({ session, stanza }) => record(session.jid.bare, stanza.text('status') ?? '')),
    // A session that never was available, or is not any more, tells nothing when it ends.
    hooks.on(sessionClosed, ({ session }) =>
      session.presence === undefined ? undefined : record(session.jid.bare, ''),
    ),
    hooks.on(removeUser, ({ account }) => store.remove(account)),
  ]
  return disposable(() => {
    for (const one of registrations) one[Symbol.dispose]()
  })
}

function wholeSeconds(ms: number): number {
  // A clock that was set back must not make a negative age.
  return Math.max(0, Math.floor(ms / 1000))
}

/** The beginning of a text, without half a character at its end. */
function cut(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text
  return text.slice(0, maxLength).replace(/[\ud800-\udbff]$/, '')
}
