import { Element } from 'ltx'
import { XmlError, XmlWriteError } from './errors.js'
import type { ReaderLimits } from './reader-limits.js'
import type { Scan } from './scan-state.js'
import { defaultNamespace, localName, topAttributes, topTag } from './top-tag.js'
import { appendContent, setAttribute, stampNamespace } from './tree.js'
import { asWire, type Wire, wireFromText } from './wire.js'
import { writeTree } from './writer.js'

/**
 * Writes a scanned element anew with every name resolved, so that it depends on nothing around it and its content on
 * nothing but the default namespace. Rare: prefixed stanzas, prefixes declared on the stream header or the stanza's own
 * tag, content namespaces repeated on children.
 *
 * @throws XmlError `policy-violation` when it exceeds the limits that way
 */
export function canonicalWire(s: Scan): Wire {
  const tag = topTag(s)
  const flat = topAttributes(s, tag)
  const prefixes = new Map(s.around.prefixes)
  const top = new Element(localName(s, tag))
  stampNamespace(top, s.topNs, true)
  for (let i = 0; i < flat.length; i += 2) {
    if (flat[i]!.startsWith('xmlns:')) prefixes.set(flat[i]!.slice(6), flat[i + 1]!)
    else setAttribute(top, flat[i]!, flat[i + 1]!)
  }
  for (let i = 0; i < flat.length; i += 2) {
    const prefix = flat[i]!.slice(0, Math.max(flat[i]!.indexOf(':'), 0))
    if (prefix !== '' && prefix !== 'xml' && prefix !== 'xmlns')
      top.attrs[`xmlns:${prefix}`] = prefixes.get(prefix)!
  }
  const content = asWire(s.slice(s.contentStart, s.contentEnd))
  appendContent(top, content, { ns: defaultNamespace(s), prefixes }, s.topNs)
  return written(top, s.limits)
}

/** One long name declared once and used often must not become an element beyond the limit. */
function written(top: Element, limits: ReaderLimits): Wire {
  try {
    const wire = wireFromText(writeTree(top, {}, limits.maxBytes).text)
    if (wire.length <= limits.maxBytes) return wire
  } catch (error) {
    if (!(error instanceof XmlWriteError)) throw error
  }
  throw new XmlError('policy-violation', 'the element is too large once its namespaces are written out')
}
