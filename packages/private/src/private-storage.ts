import { createAccountData } from '@xmppkit/c2s'
import type { Hooks } from '@xmppkit/hooks'
import type { Iq } from '@xmppkit/iq'
import type { BareJid } from '@xmppkit/jid'
import { createScope } from '@xmppkit/runtime'
import type { Sessions } from '@xmppkit/sessions'
import { NS, StanzaError } from '@xmppkit/stanza'
import type { KeyValue } from '@xmppkit/storage'
import { Element, type RawElement } from '@xmppkit/xml'
import { type PrivateOptions, privateDefaults } from './private-options.js'
import { privateGet, privatePut } from './private-payload.js'
import { createPrivateStore } from './private-store.js'

/** Collaborators of {@link createPrivateStorage}. */
export interface PrivateStorageDeps {
  /** Where elements are kept, by account. */
  readonly store: KeyValue
  /** Tells when accounts are removed. */
  readonly hooks: Pick<Hooks, 'on'>
  /** Knows whether a removed account still has sessions. */
  readonly sessions: Pick<Sessions, 'resources'>
  /** Where requests come in. */
  readonly iq: Pick<Iq, 'handle'>
}

/** The private XML storage of the accounts of one host. */
export interface PrivateStorage extends AsyncDisposable {
  /** The element an account keeps under this name. */
  get(account: BareJid, name: string, ns: string): Promise<RawElement | undefined>
  /**
   * Keeps elements, each in place of the one of its name and namespace; none of them if they exceed a limit.
   *
   * @throws StanzaError `not-acceptable` without any, or for one without a namespace of its own; `policy-violation` for one
   * that is too large; `resource-constraint` if the account keeps too much
   */
  set(account: BareJid, elements: readonly RawElement[]): Promise<void>
  /** Ends: requests are not answered any more. */
  close(): Promise<void>
}

/**
 * Keeps whatever XML a client gives it, by name and namespace, and gives it back to that account alone (XEP-0049).
 *
 * @example
 * ```ts
 * const storage = createPrivateStorage({ store: stores.keyValue('private'), hooks, sessions, iq })
 * ```
 */
export function createPrivateStorage(deps: PrivateStorageDeps, options: PrivateOptions = {}): PrivateStorage {
  const limits = Object.freeze({ ...privateDefaults, ...options })
  const store = createPrivateStore(deps.store, limits)
  const scope = createScope()
  const data = scope.use(createAccountData({ ...deps, removeAll: store.removeAll, label: 'private' }))

  const set = async (account: BareJid, elements: readonly RawElement[]) => {
    if (elements.length === 0) throw new StanzaError('not-acceptable', { text: 'There is nothing to keep.' })
    for (const { ns, size } of elements) {
      if (ns === '' || ns === NS.privateStorage)
        throw new StanzaError('not-acceptable', { text: noNamespace })
      if (size > limits.maxElementBytes) {
        throw new StanzaError('policy-violation', {
          text: `An element has at most ${limits.maxElementBytes} bytes.`,
        })
      }
    }
    await data.change(account, () => store.put(account, elements))
  }

  scope.use(
    deps.iq.handle(privateGet, 'account', async ({ from, to, stanza }) => {
      if (!from.bare.equals(to)) throw new StanzaError('forbidden')
      const [asked, ...more] = stanza.raw.child('query', NS.privateStorage)?.children ?? []
      if (asked === undefined) throw new StanzaError('bad-request', { text: 'Which element?' })
      if (more.length > 0) throw new StanzaError('not-acceptable', { text: 'Ask for one element at a time.' })
      const { name, ns } = asked
      const kept = await store.get(to.bare, name, ns)
      return { elements: [kept?.toElement() ?? new Element(name, { xmlns: ns })] }
    }),
  )
  scope.use(
    deps.iq.handle(privatePut, 'account', ({ from, to, stanza }) => {
      if (!from.bare.equals(to)) throw new StanzaError('forbidden')
      const query = stanza.raw.child('query', NS.privateStorage)
      return set(to.bare, query?.children.map((_, at) => query.childAt(at)) ?? [])
    }),
  )

  return {
    get: store.get,
    set,
    close: () => scope.close(),
    [Symbol.asyncDispose]: () => scope.close(),
  }
}

const noNamespace = 'An element needs a namespace of its own.'
