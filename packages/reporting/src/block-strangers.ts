import type { Access } from '@xmppkit/access'
import { type Drop, drop, type Hooks, isDrop } from '@xmppkit/hooks'
import { type BareJid, type Jid, makeJid } from '@xmppkit/jid'
import { createScope, type Logger } from '@xmppkit/runtime'
import { receivePacket, resourceVisible, type Sessions, unreachableAnswer } from '@xmppkit/sessions'
import { type Stanza, StanzaError } from '@xmppkit/stanza'
import { type BlockStrangersOptions, blockStrangersDefaults } from './block-strangers-options.js'
import { ReportingError } from './errors.js'
import type { KnownContacts } from './ports.js'

/** Collaborators of {@link createBlockStrangers}. */
export interface BlockStrangersDeps {
  /** The host's hooks: what comes for accounts passes them. */
  readonly hooks: Pick<Hooks, 'on' | 'fold' | 'has'>
  /** Who is connected: whom a session has shown itself to is no stranger. */
  readonly sessions: Pick<Sessions, 'resources'>
  /** Who is a contact of whom. */
  readonly contacts: KnownContacts
  /** Whether a domain is one of this host. */
  readonly isLocal: (domain: string) => boolean
  /** Answers the access rule, where the options name one. */
  readonly access?: Pick<Access, 'allows' | 'hasRule'>
  /** Told whom is kept from whom, where the options ask for it. */
  readonly logger: Logger
}

/** The policy on one host. */
export interface BlockStrangers extends AsyncDisposable {
  /** Ends: strangers are let in. */
  close(): Promise<void>
}

/** Where in `receivePacket` strangers are turned away: after the blocked. */
const afterBlocked = 26
const label = 'block-strangers'

/**
 * Keeps an account from people it does not know: what they write reaches neither client, storage nor archive, and they
 * find nobody there (rule SEC-34). Known is who is in the roster, or has been sent presence, as rooms are.
 *
 * @throws ReportingError `reporting/unknown-rule` if the options name an access rule there is none of
 *
 * @example
 * ```ts
 * const strangers = createBlockStrangers({ hooks, sessions, contacts: roster, isLocal, logger })
 * ```
 */
export function createBlockStrangers(
  deps: BlockStrangersDeps,
  options: BlockStrangersOptions = {},
): BlockStrangers {
  const settings = Object.freeze({ ...blockStrangersDefaults, ...options })
  const { hooks, sessions, contacts, access, logger } = deps
  const { access: rule } = settings
  if (rule !== undefined && !access?.hasRule(rule)) {
    throw new ReportingError('reporting/unknown-rule', `there is no access rule ${JSON.stringify(rule)}`)
  }

  const isContact = async (account: BareJid, jid: BareJid) => {
    const item = await contacts.item(account, jid)
    return item !== undefined && (item.listed || item.approved || item.subscription !== 'none')
  }

  // Whoever knows to whom a session has shown itself answers (RFC 6121 §4.6): a room it has entered, say.
  const hasPresence = async (stanza: Stanza, account: BareJid) => {
    if (!hooks.has(resourceVisible)) return false
    for (const session of sessions.resources(account)) {
      const visible = await hooks.fold(resourceVisible, true, { stanza, session })
      if (!isDrop(visible) && visible) return true
    }
    return false
  }

  const mayPass = (from: Jid, account: BareJid) =>
    (settings.allowLocalUsers && deps.isLocal(from.domain)) ||
    from.bare.equals(account) ||
    (from.isDomain && from.domain === account.domain) ||
    (rule !== undefined && access?.allows(rule, { jid: from }) === true)

  const judge = async (stanza: Stanza, from: Jid, account: BareJid): Promise<Stanza | Drop> => {
    if (await isContact(account, from.bare)) return stanza
    if (settings.allowTransports && from.local !== '') {
      if (await isContact(account, makeJid({ domain: from.domain }).bare)) return stanza
    }
    if (await hasPresence(stanza, account)) return stanza
    if (settings.log) logger.info('a stranger was kept out', { from: `${from}`, to: `${account}` })
    return turnedAway(stanza, settings.tellStrangers)
  }

  const scope = createScope()
  scope.use(
    hooks.on(
      receivePacket,
      (stanza) => {
        const { from, to } = stanza
        if (from === undefined || to === undefined || !concerns(stanza, settings)) return stanza
        return mayPass(from, to.bare) ? stanza : judge(stanza, from, to.bare)
      },
      { seq: afterBlocked, label },
    ),
  )
  return { close: () => scope.close(), [Symbol.asyncDispose]: () => scope.close() }
}

/** Whether a stanza is one strangers may not send. */
function concerns(stanza: Stanza, settings: Required<Omit<BlockStrangersOptions, 'access'>>): boolean {
  const { kind, type, raw } = stanza
  if (kind === 'presence') return settings.blockSubscriptions && type === 'subscribe'
  if (kind !== 'message' || !settings.blockMessages) return false
  // Rooms answer for who writes in them, and errors are nobody's wish.
  if (type === 'groupchat' || type === 'error') return false
  return stanza.has('body', raw.ns) || stanza.has('subject', raw.ns)
}

function turnedAway(stanza: Stanza, tell: boolean): Drop {
  if (stanza.kind === 'presence') return drop
  if (tell) throw new StanzaError('policy-violation', { text: 'messages of strangers are not wanted here' })
  // M-8: as if there were no such account.
  const answer = unreachableAnswer(stanza)
  if (answer === undefined) return drop
  throw answer
}
