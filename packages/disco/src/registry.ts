import type { IqTarget } from '@xmppkit/iq'
import { disposable } from '@xmppkit/runtime'
import type { DataForm, FormField } from '@xmppkit/stanza'
import type { DiscoIdentity, DiscoInfo, DiscoItem } from './payloads.js'
import { compareOctets } from './verification-string.js'

/** Where something registered shows; by default on every domain and on no node. */
export interface DiscoPlace {
  /** Only on this domain, or for accounts of it. */
  readonly domain?: string
  /** On this node instead of the entity itself. */
  readonly node?: string
}

/** More about an entity (XEP-0128): the values of some fields of a form. */
export interface DiscoExtension {
  /** The `FORM_TYPE` the fields are of. */
  readonly formType: string
  /** Field names and values. */
  readonly fields: Readonly<Record<string, string | readonly string[]>>
}

type Fact =
  | { readonly kind: 'identity'; readonly identity: DiscoIdentity }
  | { readonly kind: 'feature'; readonly feature: string }
  | { readonly kind: 'extension'; readonly extension: DiscoExtension }
  | { readonly kind: 'item'; readonly item: DiscoItem }

/** What modules said of an entity, put together. */
export interface Registry {
  /** Keeps something until disposed. */
  add(target: IqTarget, fact: Fact, place: DiscoPlace | undefined): Disposable
  /**
   * Everything of an entity or node but its items; `undefined` if nothing was said of the node. Of entities it is the same
   * object until something is added or removed, on all domains about which nothing of their own was said.
   */
  info(target: IqTarget, domain: string, node: string | undefined): DiscoInfo | undefined
  /** The items of an entity or node; `undefined` if nothing was said of the node. */
  items(target: IqTarget, domain: string, node: string | undefined): readonly DiscoItem[] | undefined
}

/** Makes an empty registry. */
export function createRegistry(): Registry {
  // By place, so that a question costs what its answer is long, not what all domains registered.
  const places = new Map<string, Set<{ readonly fact: Fact }>>()
  const infos = new Map<string, DiscoInfo>()

  function facts(target: IqTarget, domain: string, node: string | undefined): Fact[] | undefined {
    const everywhere = places.get(placeKey(target, undefined, node)) ?? []
    const here = places.get(placeKey(target, domain, node)) ?? []
    const found = [...everywhere, ...here].map((entry) => entry.fact)
    return node !== undefined && found.length === 0 ? undefined : found
  }

  return {
    add(target, fact, { domain, node } = {}) {
      const key = placeKey(target, domain, node)
      const entries = places.get(key) ?? new Set()
      const entry = { fact }
      places.set(key, entries.add(entry))
      infos.clear()
      return disposable(() => {
        infos.clear()
        entries.delete(entry)
        if (entries.size === 0) places.delete(key)
      })
    },
    info(target, domain, node) {
      if (node !== undefined) {
        const found = facts(target, domain, node)
        return found && toInfo(found)
      }
      const own = placeKey(target, domain, undefined)
      const key = places.has(own) ? own : placeKey(target, undefined, undefined)
      const known = infos.get(key)
      if (known !== undefined) return known
      const info = toInfo(facts(target, domain, undefined) ?? [])
      infos.set(key, info)
      return info
    },
    items(target, domain, node) {
      const found = facts(target, domain, node)
      return found?.flatMap((fact) => (fact.kind === 'item' ? [fact.item] : []))
    },
  }
}

function placeKey(target: IqTarget, domain: string | undefined, node: string | undefined): string {
  return node === undefined ? `${target} ${domain ?? ''}` : JSON.stringify([target, domain, node])
}

/** Without anything twice, which would make a response ill-formed (XEP-0115 §5.4). */
function toInfo(facts: readonly Fact[]): DiscoInfo {
  const identities = new Map<string, DiscoIdentity>()
  const features = new Set<string>()
  const forms = new Map<string, Map<string, Set<string>>>()
  for (const fact of facts) {
    if (fact.kind === 'identity') {
      const { category, type, lang = '' } = fact.identity
      const key = `${category}/${type}/${lang}`
      if (!identities.has(key)) identities.set(key, fact.identity)
    } else if (fact.kind === 'feature') features.add(fact.feature)
    else if (fact.kind === 'extension') merge(forms, fact.extension)
  }
  return {
    identities: [...identities.values()],
    features: [...features].sort(compareOctets),
    forms: [...forms].map(([formType, fields]) => toForm(formType, fields)),
  }
}

function merge(forms: Map<string, Map<string, Set<string>>>, { formType, fields }: DiscoExtension): void {
  const form = forms.get(formType) ?? new Map<string, Set<string>>()
  forms.set(formType, form)
  for (const [name, value] of Object.entries(fields)) {
    const values = form.get(name) ?? new Set<string>()
    form.set(name, values)
    for (const one of typeof value === 'string' ? [value] : value) values.add(one)
  }
}

function toForm(formType: string, fields: ReadonlyMap<string, ReadonlySet<string>>): DataForm {
  const purpose: FormField = { var: 'FORM_TYPE', type: 'hidden', values: [formType], options: [] }
  const others = [...fields].map(([name, values]) => ({ var: name, values: [...values], options: [] }))
  return { type: 'result', instructions: [], fields: [purpose, ...others], items: [] }
}
