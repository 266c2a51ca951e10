import { Element } from '@xmppkit/xml'

/**
 * The namespace of an element, found through its parents; unlike ltx it honours `xmlns=''` and reads own attributes only.
 */
export function namespaceOf(el: Element): string {
  const colon = el.name.indexOf(':')
  const declaration = colon < 0 ? 'xmlns' : `xmlns:${el.name.slice(0, colon)}`
  for (let at: Element | null = el; at; at = at.parent) {
    if (Object.hasOwn(at.attrs, declaration)) return String(at.attrs[declaration])
  }
  return ''
}

/** The local name of an element: what follows the prefix, if there is one. */
export function localNameOf(el: Element): string {
  const colon = el.name.indexOf(':')
  return colon < 0 ? el.name : el.name.slice(colon + 1)
}

/** Tells whether an element has this local name and this namespace. */
export function isElementNamed(el: Element, name: string, ns: string): boolean {
  return localNameOf(el) === name && namespaceOf(el) === ns
}

/** The child elements of an element, without its text. */
export function elementChildren(el: Element): Element[] {
  const found: Element[] = []
  for (const child of el.children) if (typeof child === 'object') found.push(child)
  return found
}

/** The child elements with this local name and namespace, in order. */
export function childElements(el: Element, name: string, ns: string): Element[] {
  const found: Element[] = []
  for (const child of el.children) {
    if (typeof child === 'object' && isElementNamed(child, name, ns)) found.push(child)
  }
  return found
}

/** The first child element with this local name and namespace. */
export function childElement(el: Element, name: string, ns: string): Element | undefined {
  for (const child of el.children) {
    if (typeof child === 'object' && isElementNamed(child, name, ns)) return child
  }
  return undefined
}

/** The value of an attribute the element has itself; a name such as `constructor` is not found by accident. */
export function ownAttribute(el: Element, name: string): string | undefined {
  return Object.hasOwn(el.attrs, name) ? String(el.attrs[name]) : undefined
}

/** Adds text to an element; an empty string leaves it empty. */
export function addText(el: Element, text: string): Element {
  return text === '' ? el : el.t(text)
}

/**
 * A deep copy that can stand alone: its namespace and the prefixes it inherited are declared on it.
 */
export function detachedCopy(el: Element): Element {
  const copy = copyOf(el)
  for (let at = el.parent; at; at = at.parent) {
    for (const name of Object.keys(at.attrs)) {
      if (name.startsWith('xmlns:') && !Object.hasOwn(copy.attrs, name)) copy.attrs[name] = at.attrs[name]
    }
  }
  if (!copy.name.includes(':')) copy.attrs.xmlns = namespaceOf(el)
  return copy
}

function copyOf(el: Element): Element {
  const copy = new Element(el.name, { ...el.attrs })
  for (const child of el.children) {
    if (typeof child === 'object') copy.cnode(copyOf(child))
    else copy.t(child)
  }
  return copy
}
