import type { Awaitable } from './awaitable.js'
import { type RuntimeErrorCode, XmppkitError } from './errors.js'

/**
 * The lifetime of something: collects what has to be undone and undoes it in reverse.
 *
 * A scope keeps everything until it is closed, so give it what lives as long as it does, not what comes and goes.
 */
export interface Scope extends AsyncDisposable {
  /**
   * Takes ownership of a resource and returns it; `Symbol.asyncDispose` is preferred where it has both.
   *
   * @throws {@link XmppkitError} `runtime/scope-closed` when the scope has been closed; the resource is disposed first
   */
  use<T extends Disposable | AsyncDisposable>(resource: T): T
  /**
   * Runs a function when the scope closes.
   *
   * @throws {@link XmppkitError} `runtime/scope-closed` when the scope has been closed; the function is run first
   */
  defer(fn: () => Awaitable<void>): void
  /** Aborted as soon as the scope begins to close, before anything is undone. */
  readonly signal: AbortSignal
  /**
   * Undoes everything, last first, one after another; a failure does not keep the rest from being undone.
   * Repeated and concurrent calls share one promise. Must not be awaited by something the scope is undoing.
   *
   * @throws AggregateError with everything that was thrown meanwhile
   */
  close(): Promise<void>
}

const closedError = () =>
  new XmppkitError<RuntimeErrorCode>('runtime/scope-closed', 'the scope has been closed')

/**
 * Makes an empty {@link Scope}.
 *
 * @example
 * ```ts
 * const scope = createScope()
 * scope.defer(() => console.log('second'))
 * scope.defer(() => console.log('first'))
 * await scope.close()
 * ```
 */
export function createScope(): Scope {
  const undos: (() => unknown)[] = []
  let abort: AbortController | undefined
  let closing: Promise<void> | undefined
  let closed = false

  function defer(fn: () => unknown): void {
    // While closing, newcomers are still undone by the running loop; afterwards nobody would.
    if (!closed) return void undos.push(fn)
    void Promise.resolve(fn()).catch(() => {})
    throw closedError()
  }

  async function undoAll(): Promise<void> {
    const errors: unknown[] = []
    for (let undo = undos.pop(); undo; undo = undos.pop()) {
      try {
        await undo()
      } catch (error) {
        errors.push(error)
      }
    }
    closed = true
    if (errors.length > 0) throw new AggregateError(errors, `${errors.length} failed while closing a scope`)
  }

  function close(): Promise<void> {
    if (closing) return closing
    // Assigned before the abort, whose listeners may call close() again.
    closing = Promise.resolve().then(undoAll)
    abort?.abort(closedError())
    return closing
  }

  return {
    use(resource) {
      defer(() =>
        Symbol.asyncDispose in resource ? resource[Symbol.asyncDispose]() : resource[Symbol.dispose](),
      )
      return resource
    },
    defer,
    get signal() {
      if (!abort) {
        abort = new AbortController()
        if (closing) abort.abort(closedError())
      }
      return abort.signal
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
