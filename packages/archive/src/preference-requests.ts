import type { Iq, IqRequest } from '@xmppkit/iq'
import { createScope } from '@xmppkit/runtime'
import { StanzaError } from '@xmppkit/stanza'
import type { ArchivePreferences } from './ports.js'
import type { Preferences } from './preferences.js'
import { assertOwner } from './queries.js'
import { preferencesGet, preferencesSet } from './query-codecs.js'

/** What {@link createPreferenceRequests} needs. */
export interface PreferenceRequestsDeps {
  /** Where handlers are registered. */
  readonly iq: Pick<Iq, 'handle'>
  /** What accounts want. */
  readonly preferences: Preferences
  /** Whether it is known who is a contact. */
  readonly knowsContacts: boolean
}

/** Lets accounts read and say what they want archived (XEP-0441), until disposed. */
export function createPreferenceRequests(
  { iq, preferences, knowsContacts }: PreferenceRequestsDeps,
  { maxPreferenceJids }: { readonly maxPreferenceJids: number },
): AsyncDisposable {
  const get = async (request: IqRequest<unknown>) => {
    assertOwner(request)
    return shown(await preferences.get(request.to.bare))
  }

  const set = async (request: IqRequest<ReturnType<typeof shown> | Partial<ReturnType<typeof shown>>>) => {
    assertOwner(request)
    const { default: usual, always, never } = request.payload
    // XEP-0441 §2.1: it must be there when preferences are set.
    if (usual === undefined) throw new StanzaError('bad-request', { text: 'the default is missing' })
    if (usual === 'roster' && !knowsContacts) throw new StanzaError('not-acceptable')
    const wanted = { default: usual, always: always?.jids ?? [], never: never?.jids ?? [] }
    if (Math.max(wanted.always.length, wanted.never.length) > maxPreferenceJids) {
      throw new StanzaError('resource-constraint', {
        text: `a list holds up to ${maxPreferenceJids} addresses`,
      })
    }
    await preferences.set(request.to.bare, wanted)
    return shown(wanted)
  }

  const scope = createScope()
  scope.use(iq.handle(preferencesGet, 'account', get))
  scope.use(iq.handle(preferencesSet, 'account', set))
  return { [Symbol.asyncDispose]: () => scope.close() }
}

function shown({ default: usual, always, never }: ArchivePreferences) {
  return { default: usual, always: { jids: always }, never: { jids: never } }
}
