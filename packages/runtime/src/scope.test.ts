import { expect, test } from 'vitest'
import { createScope, disposable, isXmppkitError } from './index.js'

test('what was taken last is undone first, one after another', async () => {
  const log: string[] = []
  const scope = createScope()
  scope.use(disposable(() => log.push('sync')))
  scope.use({
    async [Symbol.asyncDispose]() {
      log.push('async begins')
      await Promise.resolve()
      log.push('async ends')
    },
  })
  scope.defer(() => void log.push('deferred'))
  await scope.close()
  expect(log).toEqual(['deferred', 'async begins', 'async ends', 'sync'])
})

test('use hands back what it was given', () => {
  const resource = disposable(() => {})
  expect(createScope().use(resource)).toBe(resource)
})

test('a resource with both ways of disposal is disposed the asynchronous way', async () => {
  const log: string[] = []
  const scope = createScope()
  scope.use({
    [Symbol.dispose]: () => void log.push('sync'),
    [Symbol.asyncDispose]: async () => void log.push('async'),
  })
  await scope.close()
  expect(log).toEqual(['async'])
})

test('a failure keeps nothing else from being undone, and all failures are told', async () => {
  const log: string[] = []
  const scope = createScope()
  scope.defer(() => void log.push('first'))
  scope.defer(() => {
    throw new Error('two')
  })
  scope.defer(() => Promise.reject(new Error('three')))
  const error = await scope.close().catch((e: unknown) => e)
  expect(log).toEqual(['first'])
  expect(error).toBeInstanceOf(AggregateError)
  expect((error as AggregateError).errors.map(String)).toEqual(['Error: three', 'Error: two'])
})

test('closing twice, also at the same time, undoes once and shares the outcome', async () => {
  let undone = 0
  const scope = createScope()
  scope.defer(() => void undone++)
  const first = scope.close()
  expect(scope.close()).toBe(first)
  await first
  await scope[Symbol.asyncDispose]()
  expect(undone).toBe(1)
})

test('the signal is aborted before anything is undone, whoever asks for it when', async () => {
  const scope = createScope()
  const { signal } = scope
  let seen: boolean | undefined
  scope.defer(() => {
    seen = signal.aborted
  })
  expect(signal.aborted).toBe(false)
  await scope.close()
  expect(seen).toBe(true)
  expect(isXmppkitError(signal.reason, 'runtime/scope-closed')).toBe(true)

  const late = createScope()
  await late.close()
  expect(late.signal.aborted).toBe(true)
})

test('a listener of the signal may close the scope again', async () => {
  const scope = createScope()
  let inner: Promise<void> | undefined
  scope.signal.addEventListener('abort', () => {
    inner = scope.close()
  })
  const outer = scope.close()
  expect(inner).toBe(outer)
  await outer
})

test('what is registered while closing is undone too', async () => {
  const log: string[] = []
  const scope = createScope()
  scope.defer(() => scope.defer(() => void log.push('late')))
  await scope.close()
  expect(log).toEqual(['late'])
})

test('what is registered after closing is undone at once and refused', async () => {
  const scope = createScope()
  await scope.close()
  let undone = 0
  const use = () => scope.use(disposable(() => undone++))
  expect(use).toThrow(expect.objectContaining({ code: 'runtime/scope-closed' }))
  expect(() => scope.defer(() => Promise.reject(new Error('nobody waits')))).toThrow(
    expect.objectContaining({ code: 'runtime/scope-closed' }),
  )
  expect(undone).toBe(1)
})

test('a disposable undoes once', () => {
  let undone = 0
  const resource = disposable(() => undone++)
  resource[Symbol.dispose]()
  resource[Symbol.dispose]()
  expect(undone).toBe(1)
})

test('a disposable that fails counts as undone', () => {
  const resource = disposable(() => {
    throw new Error('no')
  })
  expect(() => resource[Symbol.dispose]()).toThrow('no')
  expect(() => resource[Symbol.dispose]()).not.toThrow()
})
