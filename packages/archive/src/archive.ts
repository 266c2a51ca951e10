import { removeUser } from '@xmppkit/auth'
import { type C2s, syncsFromArchive, userSendPacket, userSendSeq } from '@xmppkit/c2s'
import type { Disco } from '@xmppkit/disco'
import type { Hooks } from '@xmppkit/hooks'
import type { Iq } from '@xmppkit/iq'
import type { BareJid } from '@xmppkit/jid'
import { type Awaitable, type Clock, createScope, type Ids, isThenable, type Logger } from '@xmppkit/runtime'
import {
  archivedAs,
  bouncePacket,
  type DeliveryRules,
  decideDelivery,
  isArchivedForAddressee,
  offlineMessage,
  offlineSeq,
  receivePacket,
  type SessionRecord,
  type Sessions,
  sessionClosed,
  storing,
} from '@xmppkit/sessions'
import { NS, type Stanza } from '@xmppkit/stanza'
import { isArchivable, retractNs } from './archivable.js'
import { tellWhileBinding } from './archive-metadata.js'
import { type ArchiveOptions, archiveDefaults } from './archive-options.js'
import { ArchiveWriting, type WriteCopies } from './archive-writing.js'
import type { ArchiveStore } from './ports.js'
import { createPreferenceRequests } from './preference-requests.js'
import { type ArchiveContacts, createPreferences, type Preferences } from './preferences.js'
import { createArchiveQueries } from './queries.js'
import { fulltextFeature } from './query-form.js'
import { type ArchiveCopy, createRecording } from './recording.js'
import { removeAll } from './removing.js'
import { createRetention } from './retention.js'
import { stanzaIdElement, withoutForgedIds } from './stanza-ids.js'
import type { ArchivingContext } from './tokens.js'

/** Collaborators of {@link createArchive}. */
export interface ArchiveDeps {
  /** Where archives are kept. */
  readonly store: ArchiveStore
  /** The host's hooks: messages pass through them. */
  readonly hooks: Pick<Hooks, 'on' | 'fold' | 'run' | 'has'>
  /** Answers queries. */
  readonly iq: Pick<Iq, 'handle'>
  /** Who is there, and the way to them. */
  readonly sessions: Pick<Sessions, 'resources' | 'deliverTo'>
  /** Says what accounts can. */
  readonly disco: Pick<Disco, 'addFeature'>
  /** Makes the ids of archived messages; they must be unguessable. */
  readonly ids: Ids
  /** Dates messages, and tells when to remove old ones. */
  readonly clock: Pick<Clock, 'now' | 'after'>
  /** Told what fails. */
  readonly logger: Logger
  /** The domains of the host, for what is removed by age. @default none */
  readonly domains?: () => readonly string[]
  /**
   * Whether messages for this domain come back here, by {@link receivePacket}: then both their copies are written in one go.
   *
   * @default none do
   */
  readonly isLocal?: (domain: string) => boolean
  /** What is kept on a domain that has limits of its own. @default what the options say */
  readonly limitOf?: (domain: string, limit: 'maxAgeDays' | 'maxMessagesPerAccount') => number | undefined
  /** Where clients bind together with their login (XEP-0386), and are told what is in their archive. @default nowhere */
  readonly bind2?: C2s['bind2']
  /** Who is a contact, for the preference `roster`. @default nobody can be asked, and the preference is refused */
  readonly contacts?: ArchiveContacts
}

/** The archives of a host. */
export interface Archive extends AsyncDisposable {
  /**
   * Removes the archive of an account, or its messages with one party, batch by batch.
   * @returns how many there were
   */
  remove(account: BareJid, options?: Omit<Parameters<ArchiveStore['remove']>[1], 'limit'>): Promise<number>
  /** What accounts want archived. Change it here: what the store has of it is remembered. */
  readonly preferences: Preferences
  /** Ends: nothing is archived or answered any more. */
  close(): Promise<void>
}

const label = 'archive'
/** Where in `offlineMessage` everybody who stores has: before somebody is woken up. */
const afterStorage = offlineSeq.store + 1
// Who gets the message makes no difference here, only whether somebody does.
const rules: DeliveryRules = Object.freeze({ bareMessages: 'highest-priority' })
const features = [
  NS.mam,
  `${NS.mam}#extended`,
  `${NS.mam}#groupchat-field`,
  NS.stanzaIds,
  retractNs,
  `${retractNs}#tombstone`,
]

/**
 * Archives what the accounts of a host write and get, once each, before it is delivered (rule MAM-1), and lets them read it
 * page by page (XEP-0313). All resources, and offline storage, see a message with the same id (XEP-0359).
 *
 * @example
 * ```ts
 * const archive = createArchive({ store: createMemoryArchiveStore(), hooks, iq, sessions, disco, ids, clock, logger })
 * ```
 */
export function createArchive(deps: ArchiveDeps, options: ArchiveOptions = {}): Archive {
  const settings = Object.freeze({ ...archiveDefaults, ...options })
  const { store, hooks, sessions, contacts } = deps
  const scope = createScope()
  // Accounts that are being removed: what came for them now would reach the next of that name.
  const leaving = new Set<string>()
  const retention = scope.use(createRetention({ ...deps, domains: deps.domains ?? (() => []) }, settings))
  const preferences = createPreferences(deps, settings)
  const recording = createRecording({
    ...deps,
    preferences,
    grown: ({ account }) => retention.grown(account),
  })
  const syncs = (session: Pick<SessionRecord, 'sid' | 'jid'>) => hooks.run(syncsFromArchive, { session })
  scope.use(createArchiveQueries({ ...deps, syncs }, settings))
  if (deps.bind2) scope.use(tellWhileBinding(deps.bind2, store, syncs))
  scope.use(
    createPreferenceRequests({ ...deps, preferences, knowsContacts: contacts !== undefined }, settings),
  )

  /** Whether an account is being removed: what came for it now would reach the next of that name. */
  const isLeaving = ({ account }: ArchivingContext) => leaving.size > 0 && leaving.has(account.toString())
  const write: WriteCopies = (copies) =>
    recording.write(leaving.size === 0 ? copies : copies.filter(({ context }) => !isLeaving(context)))

  /** Archives a message; goes on with what `mark` makes of it and its copy. */
  const archived = (
    message: Stanza,
    context: ArchivingContext,
    mark: (message: Stanza, copy: ArchiveCopy) => Awaitable<Stanza>,
  ): Awaitable<Stanza> => {
    if (isLeaving(context)) return message
    const copied = recording.copy(message, context)
    const marked = (copy: ArchiveCopy | undefined) => (copy === undefined ? message : mark(message, copy))
    return isThenable(copied) ? copied.then(marked) : marked(copied)
  }

  /** Lets a copy be written with those that are not written yet, or after those that are. */
  const withWriting = (message: Stanza, copy: ArchiveCopy): Awaitable<Stanza> => {
    const before = message.meta(storing)
    if (before instanceof ArchiveWriting && before.join(write, copy)) return message
    const own = message.withMeta(storing, new ArchiveWriting(write, copy))
    return before === undefined ? own : before.flush().then(() => own)
  }

  const sent = (message: Stanza, account: BareJid): Awaitable<Stanza> => {
    const clean = withoutForgedIds(message, account)
    const { to } = clean
    // What one writes to oneself is archived on its arrival, and once (XEP-0313 §6.1.1).
    if (to === undefined || to.bare.equals(account) || !isArchivable(clean)) return clean
    return archived(clean, { account, peer: to, direction: 'sent' }, (one, copy) => {
      // Its addressee must not see this id (XEP-0313 §3); carbons may.
      const marked = withWriting(one.withMeta(archivedAs, { by: account, id: copy.entry.id }), copy)
      const comesBack = to.local !== '' && deps.isLocal?.(to.domain) === true
      return comesBack ? marked : flushed(marked)
    })
  }

  const received = (message: Stanza, account: BareJid): Awaitable<Stanza> => {
    const { from } = message
    if (from === undefined) return message
    return archived(message, { account, peer: from, direction: 'received' }, (one, copy) => {
      const { id } = copy.entry
      return withWriting(
        one.add(stanzaIdElement(account, id)).withMeta(archivedAs, { by: account, id }),
        copy,
      )
    })
  }

  scope.use(
    hooks.on(
      userSendPacket,
      (stanza, { session }) => (stanza.kind === 'message' ? sent(stanza, session.account) : stanza),
      { seq: userSendSeq.archive, label },
    ),
  )
  scope.use(
    hooks.on(
      receivePacket,
      (stanza) => {
        if (stanza.kind !== 'message' || stanza.to === undefined) return stanza
        const account = stanza.to.bare
        const clean = withoutForgedIds(stanza, account)
        if (!isArchivable(clean)) return clean
        const resources = sessions.resources(account)
        // Where nobody can take it, it may yet be refused, or the account may not exist: see below.
        if (resources.length === 0 || decideDelivery(clean, resources, rules).action !== 'deliver')
          return clean
        // Now, and with it the sender's copy: whoever is asked next decides about what is delivered at once.
        return flushed(received(clean, account))
      },
      { seq: userSendSeq.archive, label },
    ),
  )
  scope.use(
    hooks.on(
      offlineMessage,
      (value) => {
        const { action, stanza } = value
        const { to } = stanza
        if (to === undefined || isArchivedForAddressee(stanza) || !isArchivable(stanza)) return value
        const kept = received(stanza, to.bare)
        return isThenable(kept) ? kept.then((one) => ({ action, stanza: one })) : { action, stanza: kept }
      },
      { seq: offlineSeq.archive, label },
    ),
  )
  scope.use(
    hooks.on(
      offlineMessage,
      // Nobody is woken up for what is not there yet.
      (value) =>
        value.stanza
          .meta(storing)
          ?.flush()
          .then(() => value) ?? value,
      { seq: afterStorage, label },
    ),
  )
  scope.use(
    hooks.on(
      bouncePacket,
      // It is safe, and the client finds it: an error besides would be a second outcome (rule X-CONS).
      (value) => (isArchivedForAddressee(value.stanza) ? { ...value, action: 'discard' } : value),
      { label },
    ),
  )

  const remove: Archive['remove'] = (account, about = {}) => removeAll(store, account, about)
  const gone = (account: BareJid) => {
    if (sessions.resources(account).length === 0) leaving.delete(account.toString())
  }
  const forget = async (account: BareJid) => {
    leaving.add(account.toString())
    try {
      await remove(account)
      await preferences.remove(account)
    } finally {
      gone(account)
    }
  }
  scope.use(hooks.on(removeUser, ({ account }) => forget(account), { label }))
  scope.use(hooks.on(sessionClosed, ({ session }) => gone(session.jid.bare), { label }))
  const searchable = store.searches ? [fulltextFeature] : []
  scope.use(deps.disco.addFeature('account', [...features, ...searchable]))
  // XEP-0313 §7 has clients ask their account. Some ask the server alone, as profanity 0.13 does, and would not sync.
  scope.use(deps.disco.addFeature('server', [NS.mam, retractNs]))

  return { remove, preferences, close: () => scope.close(), [Symbol.asyncDispose]: () => scope.close() }
}

/** A message once what is to be stored of it is durable. */
function flushed(message: Awaitable<Stanza>): Awaitable<Stanza> {
  if (isThenable(message)) return message.then(flushed)
  const pending = message.meta(storing)
  if (pending === undefined || pending.state === 'durable') return message
  return pending.flush().then(() => message)
}
