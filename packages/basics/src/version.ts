import type { Iq } from '@xmppkit/iq'
import { boundedString, child, defineIq, element, NS, optionalChild, text } from '@xmppkit/stanza'

const part = (name: string) => text(name, NS.version, boundedString({ max: 1024 }))

/** Asks for name and version of software (XEP-0092). */
export const versionGet = defineIq({
  type: 'get',
  request: element('query', NS.version, {}),
  result: element('query', NS.version, {
    name: child(part('name')),
    version: child(part('version')),
    os: optionalChild(part('os')),
  }),
})

/** What {@link createVersion} answers. */
export interface VersionOptions {
  /** Name of the software. @default 'xmppkit' */
  readonly name?: string
  /** Its version; an empty one keeps it to yourself. */
  readonly version: string
  /** Operating system. Left out unless given, because it helps attackers (XEP-0092 §5). @default none */
  readonly os?: string
}

/** What {@link createVersion} uses for options not given. */
export const versionDefaults = Object.freeze({ name: 'xmppkit' })

/**
 * Answers who asks a server for its software (XEP-0092).
 *
 * @example
 * ```ts
 * scope.use(createVersion({ iq }, { version: '1.0.0' }))
 * ```
 */
export function createVersion(
  { iq }: { readonly iq: Pick<Iq, 'handle'> },
  options: VersionOptions,
): Disposable {
  const answer = Object.freeze({ ...versionDefaults, ...options })
  return iq.handle(versionGet, 'server', () => answer)
}
