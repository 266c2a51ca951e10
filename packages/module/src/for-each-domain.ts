import type { HandlerOptions, Hooks } from '@xmppkit/hooks'
import type { Awaitable } from '@xmppkit/runtime'
import type { Domains } from './domains.js'
import { hostDown, hostUp } from './tokens.js'

/** Collaborators of {@link forEachDomain}. */
export interface ForEachDomainDeps {
  /** Hooks of the host. */
  readonly hooks: Pick<Hooks, 'on'>
  /** Domains of the host. */
  readonly domains: Pick<Domains, 'list'>
}

/**
 * Sets something up for every domain of a host, those of now and those to come, and undoes it when the domain goes or
 * when the result is disposed. What `up` throws keeps the domain from being served.
 *
 * @param deps - hooks and domains of the host
 * @param up - sets it up and returns how to undo it
 * @param options - place among the listeners of `hostUp` and `hostDown`
 *
 * @example
 * ```ts
 * scope.use(await forEachDomain({ hooks, domains }, (domain) => router.register(domain, deliver)))
 * ```
 */
export async function forEachDomain(
  deps: ForEachDomainDeps,
  // biome-ignore lint/suspicious/noConfusingVoidType: a function without a return is meant
  up: (domain: string) => Awaitable<Disposable | AsyncDisposable | undefined | void>,
  options: HandlerOptions = {},
): Promise<AsyncDisposable> {
  const undos = new Map<string, Disposable | AsyncDisposable>()

  async function undo(domain: string): Promise<void> {
    const resource = undos.get(domain)
    undos.delete(domain)
    if (!resource) return
    if (Symbol.asyncDispose in resource) await resource[Symbol.asyncDispose]()
    else resource[Symbol.dispose]()
  }

  async function setUp(domain: string): Promise<void> {
    const resource = await up(domain)
    if (resource) undos.set(domain, resource)
  }

  const listeners = [
    deps.hooks.on(hostUp, ({ domain }) => setUp(domain), options),
    deps.hooks.on(hostDown, ({ domain }) => undo(domain), options),
  ]
  async function undoAll(): Promise<void> {
    for (const listener of listeners) listener[Symbol.dispose]()
    const errors: unknown[] = []
    for (const domain of [...undos.keys()].toReversed()) {
      await undo(domain).catch((error: unknown) => void errors.push(error))
    }
    if (errors.length > 0)
      throw new AggregateError(errors, `${errors.length} failed while leaving the domains`)
  }

  try {
    for (const domain of deps.domains.list()) await setUp(domain)
  } catch (error) {
    await undoAll().catch(() => {})
    throw error
  }
  return { [Symbol.asyncDispose]: undoAll }
}
