import { type Drop, type Hooks, isDrop } from '@xmppkit/hooks'
import type { Jid } from '@xmppkit/jid'
import { type Awaitable, type Clock, type Ids, isThenable, type Logger } from '@xmppkit/runtime'
import { NS, type Stanza } from '@xmppkit/stanza'
import { textFromWire } from '@xmppkit/xml'
import type { WriteCopies } from './archive-writing.js'
import { isInstantMessage } from './instant-message.js'
import type { ArchiveStore, NewArchivedMessage } from './ports.js'
import type { Preferences } from './preferences.js'
import { buryRetracted, retractedId } from './retraction.js'
import { originIdOf } from './stanza-ids.js'
import { type ArchivingContext, messageArchived, storeMamMessage } from './tokens.js'

/** What {@link createRecording} needs. */
export interface RecordingDeps {
  /** Where archives are kept. */
  readonly store: Pick<ArchiveStore, 'append' | 'appendBoth' | 'find' | 'replace'>
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

/** A message on its way into one archive. */
export interface ArchiveCopy {
  /** Where it goes. */
  readonly context: ArchivingContext
  /** The message as it is archived. */
  readonly stanza: Stanza
  /** What is written of it. */
  readonly entry: NewArchivedMessage
}

/** Makes copies of messages for archives, and writes them. */
export interface Recording {
  /** The copy for one archive; undefined if the message is not to be archived there. */
  copy(message: Stanza, context: ArchivingContext): Awaitable<ArchiveCopy | undefined>
  /** Writes the copies of one message, all or none. Resolves when they are durable, and who wants to know has been told. */
  readonly write: WriteCopies
}

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

  const written = async ({ context, stanza, entry }: ArchiveCopy): Promise<void> => {
    deps.grown(context)
    if (retractedId(stanza) !== undefined) await bury(context, stanza, entry.at)
    if (hooks.has(messageArchived)) await hooks.run(messageArchived, { ...context, stanza, id: entry.id })
  }

  const write: WriteCopies = async (copies) => {
    const [one, other] = copies
    if (one && other) await store.appendBoth(partOf(one), partOf(other))
    else if (one) await store.append(one.context.account, [one.entry])
    for (const copy of copies) await written(copy)
  }

  const keep = (stanza: Stanza, context: ArchivingContext): ArchiveCopy => ({
    context,
    stanza,
    entry: archiveEntry(stanza, context.peer, { id: ids.next(), at: clock.now(), ...context }),
  })

  const keepUnlessVetoed = (stanza: Stanza | Drop | undefined, context: ArchivingContext) =>
    stanza === undefined || isDrop(stanza) ? undefined : keep(stanza, context)

  const consider = (stanza: Stanza, context: ArchivingContext): Awaitable<ArchiveCopy | undefined> => {
    if (!hooks.has(storeMamMessage)) return keep(stanza, context)
    const vetoed = (cause: unknown) => {
      logger.error('a message is not archived', { account: context.account.toString(), cause })
      return undefined
    }
    try {
      const wanted = hooks.fold(storeMamMessage, stanza, context)
      if (!isThenable(wanted)) return keepUnlessVetoed(wanted, context)
      return wanted.then(undefined, vetoed).then((changed) => keepUnlessVetoed(changed, context))
    } catch (cause) {
      return vetoed(cause)
    }
  }

  return {
    write,
    copy(stanza, context) {
      const allowed = preferences.allow(context.account, context.peer)
      if (isThenable(allowed)) return allowed.then((yes) => (yes ? consider(stanza, context) : undefined))
      return allowed ? consider(stanza, context) : undefined
    },
  }
}

const partOf = ({ context: { account }, entry }: ArchiveCopy) => ({ account, message: entry })

/** What is kept of a message. */
export function archiveEntry(
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
