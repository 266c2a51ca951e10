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

/**
 * More about an entity (XEP-0128): the values of some fields of a form. Where the same field is registered for every domain
 * and for one, the values of that one add to the others, unless they replace them.
 */
export interface DiscoExtension {
  /** The `FORM_TYPE` the fields are of. */
  readonly formType: string
  /** Field names and values. */
  readonly fields: Readonly<Record<string, string | readonly string[]>>
  /** Whether these values stand in the place of those registered for every domain. @default false */
  readonly replaces?: boolean
}

/** What the servers of single domains are, told when somebody asks, so that a domain takes no memory until then. */
export interface DiscoSource {
  /** Whether there is anything to tell of a domain; asked often. */
  has(domain: string): boolean
  /** Identities of the domain's server. */
  identities(domain: string): readonly DiscoIdentity[]
  /** Forms of the domain's server. */
  extensions(domain: string): readonly DiscoExtension[]
}

/** A source that was added, until disposed. */
export interface DiscoSourceHandle extends Disposable {
  /** It would tell something else than before. */
  changed(): void
}

type Fact =
  | { readonly kind: 'identity'; readonly identity: DiscoIdentity }
  | { readonly kind: 'feature'; readonly feature: string }
  | { readonly kind: 'extension'; readonly extension: DiscoExtension }
  | { readonly kind: 'item'; readonly item: DiscoItem }

interface Facts {
  readonly everywhere: readonly Fact[]
  readonly here: readonly Fact[]
}

/** Entities whose facts are kept put together; of more, all are put together again. */
const maxKnown = 1000

/** What modules said of an entity, put together. */
export interface Registry {
  /** Keeps something until disposed. */
  add(target: IqTarget, fact: Fact, place: DiscoPlace | undefined): Disposable
  /** Asks a source, too, about servers themselves. */
  addSource(source: DiscoSource): DiscoSourceHandle
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
  const sources = new Set<DiscoSource>()

  const factsAt = (target: IqTarget, domain: string | undefined, node: string | undefined): Fact[] =>
    [...(places.get(placeKey(target, domain, node)) ?? [])].map((entry) => entry.fact)

  const toldOf = (domain: string): Fact[] =>
    [...sources].flatMap((source) =>
      source.has(domain)
        ? [
            ...source.identities(domain).map((identity) => ({ kind: 'identity' as const, identity })),
            ...source.extensions(domain).map((extension) => ({ kind: 'extension' as const, extension })),
          ]
        : [],
    )

  function isSpecial(target: IqTarget, domain: string): boolean {
    if (places.has(placeKey(target, domain, undefined))) return true
    if (target !== 'server') return false
    for (const source of sources) if (source.has(domain)) return true
    return false
  }

  function facts(target: IqTarget, domain: string, node: string | undefined): Facts | undefined {
    const everywhere = factsAt(target, undefined, node)
    const told = target === 'server' && node === undefined ? toldOf(domain) : []
    const here = [...factsAt(target, domain, node), ...told]
    return node !== undefined && everywhere.length + here.length === 0 ? undefined : { everywhere, here }
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
    addSource(source) {
      const changed = () => infos.clear()
      sources.add(source)
      changed()
      const removed = disposable(() => {
        sources.delete(source)
        changed()
      })
      return { changed, [Symbol.dispose]: () => removed[Symbol.dispose]() }
    },
    info(target, domain, node) {
      if (node !== undefined) {
        const found = facts(target, domain, node)
        return found && toInfo(found)
      }
      const key = placeKey(target, isSpecial(target, domain) ? domain : undefined, undefined)
      const known = infos.get(key)
      if (known !== undefined) return known
      const info = toInfo(facts(target, domain, undefined) ?? { everywhere: [], here: [] })
      if (infos.size >= maxKnown) infos.clear()
      infos.set(key, info)
      return info
    },
    items(target, domain, node) {
      const found = facts(target, domain, node)
      const all = found && [...found.everywhere, ...found.here]
      return all?.flatMap((fact) => (fact.kind === 'item' ? [fact.item] : []))
    },
  }
}

function placeKey(target: IqTarget, domain: string | undefined, node: string | undefined): string {
  return node === undefined ? `${target} ${domain ?? ''}` : JSON.stringify([target, domain, node])
}

/**
 * Without anything twice, which would make a response ill-formed (XEP-0115 §5.4): of two identities of one kind the first
 * stays, and one of a domain's own before one of every domain.
 */
function toInfo({ everywhere, here }: Facts): DiscoInfo {
  const features = new Set<string>()
  const forms = new Map<string, Map<string, Set<string>>>()
  for (const fact of [...everywhere, ...here]) {
    if (fact.kind === 'feature') features.add(fact.feature)
    else if (fact.kind === 'extension') merge(forms, fact.extension)
  }
  return {
    identities: [...new Map([...identitiesIn(everywhere), ...identitiesIn(here)]).values()],
    features: [...features].sort(compareOctets),
    forms: [...forms].map(([formType, fields]) => toForm(formType, fields)),
  }
}

function identitiesIn(facts: readonly Fact[]): ReadonlyMap<string, DiscoIdentity> {
  const found = new Map<string, DiscoIdentity>()
  for (const fact of facts) {
    if (fact.kind !== 'identity') continue
    const { category, type, lang = '' } = fact.identity
    const key = `${category}/${type}/${lang}`
    if (!found.has(key)) found.set(key, fact.identity)
  }
  return found
}

function merge(
  forms: Map<string, Map<string, Set<string>>>,
  { formType, fields, replaces }: DiscoExtension,
): void {
  const form = forms.get(formType) ?? new Map<string, Set<string>>()
  forms.set(formType, form)
  for (const [name, value] of Object.entries(fields)) {
    const values = (!replaces && form.get(name)) || new Set<string>()
    form.set(name, values)
    for (const one of typeof value === 'string' ? [value] : value) values.add(one)
  }
}

function toForm(formType: string, fields: ReadonlyMap<string, ReadonlySet<string>>): DataForm {
  const purpose: FormField = { var: 'FORM_TYPE', type: 'hidden', values: [formType], options: [] }
  const others = [...fields].map(([name, values]) => ({ var: name, values: [...values], options: [] }))
  return { type: 'result', instructions: [], fields: [purpose, ...others], items: [] }
}
