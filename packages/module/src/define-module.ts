import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Awaitable, Scope } from '@xmppkit/runtime'
import type { Needs, Resolved, Service } from './service.js'

/** A protocol extension a module implements; feeds the documentation and the list a server publishes. */
export interface Xep {
  /** Its number, four digits. */
  readonly number: string
  /** The version that was implemented. */
  readonly version: string
  /** Whether all of it that concerns a server is there. @default 'complete' */
  readonly status?: 'complete' | 'partial'
  /** What a reader should know, such as what is left out. */
  readonly note?: string
}

/** A module that runs. */
export interface Running<P, O> {
  /** What it provides. */
  readonly service: P
  /**
   * Takes other options without a stop; without this member the host restarts the module and its dependants.
   * Should leave everything as it was if it fails; the host then restarts the module with the new options.
   */
  reload?(next: O): Awaitable<void>
}

// biome-ignore-start lint/suspicious/noConfusingVoidType: functions without a return are meant
/** What {@link ModuleDefinition.start} comes back with: a module that provides nothing may come back with nothing. */
export type Started<P, O> = [undefined] extends [P]
  ? Partial<Running<P, O>> | undefined | void
  : Running<P, O>

// biome-ignore-end lint/suspicious/noConfusingVoidType: functions without a return are meant

/** What {@link defineModule} is given. */
export interface ModuleDefinition<N extends Needs, P, O, I> {
  /** Unique among the modules of a host; by it reload finds the module again. */
  readonly name: string
  /** Services it cannot do without, or with `maybe` can; `start` gets them under the same names. */
  readonly needs: N
  /** Service it provides. */
  readonly provides?: Service<P>
  /** Validates options that come from outside, such as a configuration file; any Standard Schema library makes one. */
  readonly options?: StandardSchemaV1<I, O>
  /** Protocol extensions it implements. */
  readonly xeps?: readonly Xep[]
  /**
   * Makes the block. Whatever it registers or opens goes into the scope, which the host closes to stop the module.
   * Options nobody gave are `{}`.
   */
  start(deps: Resolved<N>, options: O, scope: Scope): Awaitable<Started<NoInfer<P>, O>>
}

/** A module, ready for {@link use}. `P` is what it provides, `I` the options it takes. */
export interface Module<P = unknown, I = never> {
  /** Unique among the modules of a host. */
  readonly name: string
  /** Services it needs. */
  readonly needs: Needs
  /** Service it provides. */
  readonly provides: Service<P> | undefined
  /** Validates its options. */
  readonly options: StandardSchemaV1 | undefined
  /** Protocol extensions it implements. */
  readonly xeps: readonly Xep[]
  /** Starts it; hosts call this. */
  start(
    deps: Readonly<Record<string, unknown>>,
    options: unknown,
    scope: Scope,
    // biome-ignore lint/suspicious/noConfusingVoidType: a function without a return is meant
  ): Awaitable<Partial<Running<unknown, unknown>> | undefined | void>
  /** Carries the type of the options; never there at run time. */
  readonly '~options'?: (options: I) => void
}

/** A module and its options, as a host gets it. */
export interface ModuleUse {
  /** The module. */
  readonly module: Module
  /** Its options, not yet validated. */
  readonly options: unknown
}

/**
 * Defines a module: an adapter that lets a host order, start, reload and stop a block.
 *
 * @example
 * ```ts
 * export const offlineModule = defineModule({
 *   name: 'offline',
 *   needs: { hooks: HooksService, store: OfflineStoreService },
 *   provides: OfflineService,
 *   start: (deps, options: OfflineOptions, scope) => ({ service: scope.use(createOffline(deps, options)) }),
 * })
 * ```
 */
export function defineModule<const N extends Needs, P = undefined, O = Record<never, never>, I = O>(
  definition: ModuleDefinition<N, P, O, I>,
): Module<P, I> {
  // The one place where types are let go: the host resolves `needs` and validates `options`, so what arrives fits.
  const erased = definition as unknown as Pick<Module<P, I>, 'start'>
  return Object.freeze({
    name: definition.name,
    needs: Object.freeze({ ...definition.needs }),
    provides: definition.provides,
    options: definition.options,
    xeps: Object.freeze([...(definition.xeps ?? [])]),
    start: (deps, options, scope) => erased.start(deps, options, scope),
  } satisfies Module<P, I>)
}

/** Options may be left out where all of them may. */
export type OptionsArgument<I> = Record<never, never> extends I ? [options?: I] : [options: I]

/**
 * Puts a module and its options together for {@link createHost}.
 *
 * @example
 * ```ts
 * use(offlineModule, { maxPerAccount: 100 })
 * ```
 */
export function use<I>(module: Module<unknown, I>, ...[options]: OptionsArgument<NoInfer<I>>): ModuleUse {
  return Object.freeze({ module, options })
}
