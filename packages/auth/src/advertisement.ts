import { NS } from '@xmppkit/stanza'
import type { StreamState } from '@xmppkit/stream'
import { Element } from '@xmppkit/xml'
import type { FeatureRegistry, InlineFeature } from './inline-features.js'
import type { LoginTask } from './login-tasks.js'
import type { Logins } from './logins.js'

/** What {@link sasl2Advertisement} lists. */
export interface AdvertisementDeps {
  readonly logins: Pick<Logins, 'names'>
  readonly inline: Pick<FeatureRegistry<InlineFeature>, 'all'>
  readonly tasks?: Pick<FeatureRegistry<LoginTask>, 'all'>
}

interface Built {
  readonly parts: readonly Element[]
  readonly element: Element
}

/**
 * Answers with the `<authentication/>` of a stream (XEP-0388 §2.1). Streams that are offered the same get the same element,
 * which is then written once.
 */
export function sasl2Advertisement(deps: AdvertisementDeps): (state: StreamState) => Element {
  // What is allowed depends on the connection, so there are few lists.
  const built = new Map<string, Built>()
  return (state) => {
    const names = deps.logins.names(state)
    const inline = elementsOf(deps.inline.all(), state)
    const tasks = elementsOf(deps.tasks?.all() ?? [], state)
    const key = names.join(' ')
    const parts = [...inline, ...tasks]
    const known = built.get(key)
    if (known !== undefined && isSame(known.parts, parts)) return known.element
    const element = build(names, inline, tasks)
    built.set(key, { parts, element })
    return element
  }
}

function elementsOf(
  features: readonly { advertise?(state: StreamState): Element | undefined }[],
  state: StreamState,
): readonly Element[] {
  return features.map((feature) => feature.advertise?.(state)).filter((el) => el !== undefined)
}

function isSame(a: readonly Element[], b: readonly Element[]): boolean {
  return a.length === b.length && a.every((el, i) => el === b[i])
}

function build(names: readonly string[], inline: readonly Element[], tasks: readonly Element[]): Element {
  const el = new Element('authentication', { xmlns: NS.sasl2 })
  for (const name of names) el.c('mechanism').t(name)
  if (inline.length > 0) {
    const listed = el.c('inline')
    for (const child of inline) listed.cnode(child)
  }
  for (const child of tasks) el.cnode(child)
  return el
}
