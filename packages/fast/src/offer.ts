import { tokenBindingOf, tokenBindingTypes } from '@xmppkit/sasl'
import type { StreamState } from '@xmppkit/stream'
import { Element } from '@xmppkit/xml'
import { fastNs } from './fast-request.js'

/** The mechanisms that work on a stream, in the order given. */
export function offeredMechanisms(
  mechanisms: readonly string[],
  { tls }: Pick<StreamState, 'tls'>,
): readonly string[] {
  const there: Readonly<Record<string, boolean>> = {
    'tls-exporter': tls?.exporter !== undefined,
    'tls-server-end-point': tls?.endPointHash !== undefined,
  }
  return mechanisms.filter((name) => {
    const binding = tokenBindingOf(name)
    if (binding === undefined) return false
    const type = tokenBindingTypes[binding]
    return type === undefined || there[type] === true
  })
}

const elements = new Map<string, Element>()

/** Lists mechanisms; the same list is the same element, which is written once. `undefined` if there are none. */
export function mechanismsElement(names: readonly string[]): Element | undefined {
  if (names.length === 0) return undefined
  const key = names.join(' ')
  const known = elements.get(key)
  if (known !== undefined) return known
  const el = new Element('fast', { xmlns: fastNs })
  for (const name of names) el.c('mechanism').t(name)
  elements.set(key, el)
  return el
}
