import { type Drop, type Hooks, isDrop } from '@xmppkit/hooks'
import type { Jid } from '@xmppkit/jid'
import { type Awaitable, type Clock, type Ids, isThenable, type Logger } from '@xmppkit/runtime'
import { NS, type Stanza } from '@xmppkit/stanza'
import { textFromWire } from '@xmppkit/xml'
import { isInstantMessage } from './instant-message.js'
import type { ArchiveStore, NewArchivedMessage } from './ports.js'
import type { Preferences } from './preferences.js'
import { buryRetracted, retractedId } from './retraction.js'
import { originIdOf } from './stanza-ids.js'
import { type ArchivingContext, messageArchived, storeMamMessage } from './tokens.js'

/** What {@link createRecording} needs. */
export interface RecordingDeps {
  /** Where archives are kept. */
  readonly store: Pick<ArchiveStore, 'append' | 'find' | 'replace'>
  /** Who wants what archived. */
  readonly preferences: Preferences
  /** To veto, change, and tell. */
  readonly hooks: Pick<Hooks, 'fold' | 'run' | 'has'>
  /** Makes the ids of messages. */
  readonly ids: Ids
  /** Dates messages. */
  readonly clock: Pick<Clock, 'now'>
  /** Told what fails besides the storing itself. */
  readonly logger: Logger
  /** Told that an archive has grown. */
  readonly grown: (context: ArchivingContext) => void
}

/**
 * Stores a message in one archive. Resolves, when it is durable, with its id there; with undefined if it is not to be
 * archived. Rejects if it could not be stored.
 */
export type Recording = (message: Stanza, context: ArchivingContext) => Awaitable<string | undefined>

/** Longest id of an author's, and longest text to search for, that is kept apart from the stanza, in characters. */
const maxOriginId = 256
const maxBody = 65_536

/** Makes the recording of one host. */
export function createRecording(deps: RecordingDeps): Recording {
  const { store, preferences, hooks, ids, clock, logger } = deps

  const bury = async (context: ArchivingContext, stanza: Stanza, at: number) => {
    try {
      await buryRetracted(store, context, stanza, at)
    } catch (cause) {
      // The retraction is archived; clients apply it themselves.
      logger.error('a retracted message could not be replaced', {
        account: context.account.toString(),
        cause,
      })
    }
  }

  const keep = async (stanza: Stanza, context: ArchivingContext): Promise<string> => {
    const entry = entryOf(stanza, context.peer, { id: ids.next(), at: clock.now(), ...context })
    await store.append(context.account, [entry])
    deps.grown(context)
    if (retractedId(stanza) !== undefined) await bury(context, stanza, entry.at)
    if (hooks.has(messageArchived)) await hooks.run(messageArchived, { ...context, stanza, id: entry.id })
    return entry.id
  }

  const storeUnlessVetoed = (stanza: Stanza | Drop | undefined, context: ArchivingContext) =>
    stanza === undefined || isDrop(stanza) ? undefined : keep(stanza, context)

  const consider = (stanza: Stanza, context: ArchivingContext): Awaitable<string | undefined> => {
    if (!hooks.has(storeMamMessage)) return keep(stanza, context)
    const vetoed = (cause: unknown) => {
      logger.error('a message is not archived', { account: context.account.toString(), cause })
      return undefined
    }
    try {
      const wanted = hooks.fold(storeMamMessage, stanza, context)
      if (!isThenable(wanted)) return storeUnlessVetoed(wanted, context)
      return wanted.then(undefined, vetoed).then((changed) => storeUnlessVetoed(changed, context))
    } catch (cause) {
      return vetoed(cause)
    }
  }

  return (stanza, context) => {
    const allowed = preferences.allow(context.account, context.peer)
    if (isThenable(allowed)) return allowed.then((yes) => (yes ? consider(stanza, context) : undefined))
    return allowed ? consider(stanza, context) : undefined
  }
}

function entryOf(
  stanza: Stanza,
  peer: Jid,
  { id, at, direction }: Pick<NewArchivedMessage, 'id' | 'at' | 'direction'>,
): NewArchivedMessage {
  const originId = originIdOf(stanza)
  // Half of a character at the end is none that can be stored.
  const body = stanza.raw
    .childText('body', NS.client)
    ?.slice(0, maxBody)
    .replace(/[\ud800-\udbff]$/, '')
  return {
    id,
    at,
    direction,
    with: peer,
    kind: stanza.type === 'groupchat' ? 'groupchat' : 'chat',
    stanza: textFromWire(stanza.toWire()),
    ...(originId !== undefined && originId.length <= maxOriginId && { originId }),
    ...(isInstantMessage(stanza) && { instant: true }),
    ...(body && { body }),
  }
}
