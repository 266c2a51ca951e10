import type { DiscoInfo } from './payloads.js'
import { extendedInfo } from './verification-string.js'

/**
 * Whether a disco#info response may stand for its hash (XEP-0115 §5.4 and SEC-24): nothing twice, at least one
 * identity, and no `<` in any part, because `<` separates the parts of what is hashed and a part with one
 * could pass for two.
 */
export function isWellFormed(info: DiscoInfo): boolean {
  const identities = info.identities.map(({ category, type, lang = '' }) => [category, type, lang])
  const forms = info.forms.flatMap((form) => extendedInfo(form) ?? [])
  const parts = [
    ...identities.flat(),
    ...info.identities.map((identity) => identity.name ?? ''),
    ...info.features,
    ...forms.flatMap(({ formType, fields }) => [formType, ...fields.flatMap((f) => [f.name, ...f.values])]),
  ]
  return (
    identities.length > 0 &&
    // Likewise `/` separates the parts of an identity; only its name, the last, may have one.
    identities.every((texts) => texts.every((text) => !text.includes('/'))) &&
    parts.every((part) => !part.includes('<')) &&
    areDistinct(identities.map((texts) => texts.join('/'))) &&
    areDistinct(info.features) &&
    areDistinct(forms.map((form) => form.formType)) &&
    forms.every((form) => form.formTypes.every((formType) => formType === form.formType))
  )
}

function areDistinct(texts: readonly string[]): boolean {
  return new Set(texts).size === texts.length
}
