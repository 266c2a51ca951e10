import { createHash } from 'node:crypto'
import type { Disco } from '@xmppkit/disco'
import type { Iq } from '@xmppkit/iq'
import type { BareJid, FullJid, Jid } from '@xmppkit/jid'
import { type Clock, createScope } from '@xmppkit/runtime'
import type { SessionRecord, Sessions } from '@xmppkit/sessions'
import { StanzaError, StreamError } from '@xmppkit/stanza'
import { Element, rawElement } from '@xmppkit/xml'
import {
  type AccessingClient,
  clientAccessNs,
  clientListGet,
  clientRevokeSet,
  clientsElement,
} from './client-access-payload.js'
import type { Fast } from './fast.js'
import type { FastClient, FastTokenStore } from './ports.js'

/** What {@link createClientAccess} needs. */
export interface ClientAccessDeps {
  /** Knows the clients that have tokens. */
  readonly store: Pick<FastTokenStore, 'list'>
  /** Takes tokens. */
  readonly fast: Pick<Fast, 'revoke'>
  /** Knows the clients that are there. */
  readonly sessions: Pick<Sessions, 'resources' | 'kick'>
  /** Where accounts ask. */
  readonly iq: Pick<Iq, 'handle'>
  /** Says that they may. @default nobody */
  readonly disco?: Pick<Disco, 'addFeature'>
  /** Tells what has expired. */
  readonly clock: Pick<Clock, 'now' | 'after'>
}

/** A client, and by what its access can be taken. */
interface Known {
  readonly shown: AccessingClient
  readonly client: string | undefined
}

/**
 * Lets people see which clients have access to their account, and take it from those that have it by a token alone (XEP-0494).
 * From who has shown the password it can be taken by a new password only, and a grant of somebody else's is theirs to take.
 *
 * @example
 * ```ts
 * scope.use(createClientAccess({ store, fast, sessions, iq, disco, clock: systemClock }))
 * ```
 */
export function createClientAccess(deps: ClientAccessDeps): AsyncDisposable {
  const { store, fast, sessions, iq, disco, clock } = deps

  const clientsOf = async (account: BareJid): Promise<Known[]> => {
    const tokens = await store.list(account)
    const present = sessions.resources(account)
    const keys = new Set([...tokens.map(({ client }) => client), ...present.map(keyOf)])
    return [...keys].map((key) => {
      const token = tokens.find(({ client }) => client === key)
      const own = present.filter((session) => keyOf(session) === key)
      return known(account, key, token, own, clock.now())
    })
  }

  const end = (jid: FullJid) =>
    sessions.kick(jid, new StreamError('not-authorized', { text: 'its access was taken' }))

  const revoke = async (account: BareJid, id: string, by: Jid): Promise<void> => {
    const found = (await clientsOf(account)).find(({ shown }) => shown.id === id)
    if (found === undefined) throw new StanzaError('item-not-found')
    const { auth } = found.shown
    if (auth.includes('password')) throw passwordNeeded()
    if (found.client === undefined || auth.join() !== 'fast') {
      throw new StanzaError('service-unavailable', { text: 'its access is granted elsewhere' })
    }
    await fast.revoke(account, found.client)
    // Now, and not those it had when it was found: it may have used a token until that was taken.
    const present = sessions.resources(account).filter((session) => keyOf(session) === found.client)
    const jids = present.map(({ jid }) => jid)
    await Promise.all(jids.filter((jid) => !jid.equals(by)).map(end))
    // Who has asked is to see the answer.
    const own = jids.find((jid) => jid.equals(by))
    if (own !== undefined) clock.after(0, () => void end(own))
  }

  const scope = createScope()
  scope.use(
    iq.handle(clientListGet, 'account', async ({ from, to }) => {
      const clients = await clientsOf(owner(from, to))
      return rawElement(clientsElement(clients.map(({ shown }) => shown)))
    }),
  )
  scope.use(
    iq.handle(clientRevokeSet, 'account', ({ from, to, payload }) =>
      revoke(owner(from, to), payload.id, from),
    ),
  )
  if (disco) scope.use(disco.addFeature('account', clientAccessNs))
  return { [Symbol.asyncDispose]: () => scope.close() }
}

function owner(from: Jid, to: Jid): BareJid {
  if (!from.bare.equals(to.bare)) throw new StanzaError('forbidden')
  return to.bare
}

function passwordNeeded(): StanzaError {
  const application = new Element('password-reset-required', { xmlns: clientAccessNs })
  return new StanzaError('service-unavailable', { application })
}

/** An installation is one client, however often it is there; who does not say which one it is, is one for each session. */
function keyOf({ sid, info }: SessionRecord): string {
  return info.clientId ?? `session ${sid}`
}

function known(
  account: BareJid,
  key: string,
  token: FastClient | undefined,
  own: readonly SessionRecord[],
  now: number,
): Known {
  const auth = methods(token, own)
  const connected = own.length > 0
  const names = {
    ...(token?.software && { software: token.software }),
    ...(token?.device && { device: token.device }),
  }
  const opened = Math.min(...own.map(({ info }) => info.openedAt))
  const shown: AccessingClient = {
    id: createHash('sha256').update(`client\0${account}\0${key}`).digest('base64url').slice(0, 22),
    connected,
    // When an installation got its first token is not kept.
    ...(token === undefined && { firstSeenAt: opened }),
    lastSeenAt: connected ? now : (token?.lastSeenAt ?? now),
    auth,
    ...names,
  }
  return { shown, client: token?.client }
}

function methods(token: FastClient | undefined, own: readonly SessionRecord[]): AccessingClient['auth'] {
  const used = own.map(({ info }) => info.mechanism ?? '')
  const found: ('password' | 'grant' | 'fast')[] = []
  if (used.some((name) => name === 'PLAIN' || name.startsWith('SCRAM-'))) found.push('password')
  if (used.some((name) => name === 'OAUTHBEARER' || name === 'EXTERNAL')) found.push('grant')
  if (token !== undefined) found.push('fast')
  return found
}
