import { codecNames, type IqDefinition } from '@xmppkit/stanza'
import { type Admission, type AdmissionLimits, createAdmission } from './admission.js'
import { type Concurrency, createScheduler, type Scheduler } from './concurrency.js'
import { IqError } from './errors.js'
import type { AnyHandler, Exchange } from './exchange.js'

/**
 * Who is asked: an account, at its bare address, or the server, at its domain. Requests to accounts that do not exist come
 * too: whoever has no right to an answer must get the same for all accounts, or strangers could find out which there are.
 */
export type IqTarget = 'account' | 'server'

/** How a handler is registered. */
export interface HandleOptions extends Partial<AdmissionLimits> {
  /** How many requests are served at a time, and in which order. @default 'inline' */
  readonly concurrency?: Concurrency
  /** Longest time until the answer; then the sender gets `internal-server-error`, type wait. @default 30000 */
  readonly timeoutMs?: number
  /** Most requests waiting or being served; the sender of one more gets `resource-constraint`. @default 1000 */
  readonly maxWaiting?: number
  /** Most of them from one account, so that nobody takes all the places. @default 100 */
  readonly maxPerSender?: number
  /** Whether errors repeat the request; turn it off for requests with secrets in them. @default true */
  readonly echo?: boolean
}

/** What `Iq.handle` uses for options not given. */
export const handleDefaults = Object.freeze({
  concurrency: 'inline' as Concurrency,
  timeoutMs: 30_000,
  maxWaiting: 1_000,
  maxPerSender: 100,
  echo: true,
})

/** A registered handler. */
export interface Entry {
  /** Types of request and answer. */
  readonly definition: IqDefinition<unknown, unknown>
  /** The handler itself. */
  readonly handler: AnyHandler
  /** Longest time until the answer. */
  readonly timeoutMs: number
  /** Whether errors repeat the request. */
  readonly echo: boolean
  /** Counts what it has to do with. */
  readonly admission: Admission
  /** Decides when it is called. */
  readonly schedule: Scheduler
  /** Requests that wait, for their turn or for the handler. */
  readonly waiting: Set<Exchange>
}

/** Handlers by namespace, for one target. */
export interface HandlerTable {
  /** Adds one; throws IqError `iq/handler-exists`. */
  add(definition: IqDefinition<unknown, unknown>, handler: AnyHandler, options: HandleOptions): Entry
  /** Takes one out. */
  remove(entry: Entry): void
  /** The handler of a payload; `unknown-feature` when only its namespace is known. */
  find(type: string, name: string, ns: string): Entry | 'unknown-feature' | undefined
  /** Namespaces that have handlers: the same list until one is added or removed. */
  namespaces(): readonly string[]
  /** All handlers. */
  entries(): Entry[]
}

/** Makes an empty {@link HandlerTable}. */
export function createHandlerTable(): HandlerTable {
  const table = new Map<string, Entry[]>()
  let names: readonly string[] | undefined

  const namespacesOf = ({ request }: IqDefinition<unknown, unknown>) =>
    new Set(codecNames(request).map(({ ns }) => ns))

  function find(type: string, name: string, ns: string): Entry | 'unknown-feature' | undefined {
    const entries = table.get(ns)
    if (entries === undefined) return undefined
    return entries.find((entry) => answers(entry, type, name, ns)) ?? 'unknown-feature'
  }

  return {
    find,
    add(definition, handler, options) {
      for (const { name, ns } of codecNames(definition.request)) {
        if (typeof find(definition.type, name, ns) === 'object') {
          throw new IqError(
            'iq/handler-exists',
            `${definition.type} of ${name} in ${ns} has a handler already`,
          )
        }
      }
      const entry = createEntry(definition, handler, options)
      names = undefined
      for (const ns of namespacesOf(definition)) table.set(ns, [...(table.get(ns) ?? []), entry])
      return entry
    },
    remove(entry) {
      names = undefined
      for (const ns of namespacesOf(entry.definition)) {
        const rest = (table.get(ns) ?? []).filter((other) => other !== entry)
        if (rest.length === 0) table.delete(ns)
        else table.set(ns, rest)
      }
    },
    namespaces: () => (names ??= Object.freeze([...table.keys()])),
    entries: () => [...new Set([...table.values()].flat())],
  }
}

function answers({ definition }: Entry, type: string, name: string, ns: string): boolean {
  if (definition.type !== type) return false
  const { request } = definition
  if (request.alternatives === undefined) return request.name === name
  return request.alternatives.some((one) => one.name === name && one.ns === ns)
}

function createEntry(
  definition: IqDefinition<unknown, unknown>,
  handler: AnyHandler,
  options: HandleOptions,
): Entry {
  const { concurrency, timeoutMs, echo, ...limits } = Object.freeze({ ...handleDefaults, ...options })
  return {
    definition,
    handler,
    timeoutMs,
    echo,
    admission: createAdmission(limits),
    schedule: createScheduler(concurrency),
    waiting: new Set(),
  }
}
