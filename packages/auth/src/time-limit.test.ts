import { createManualClock } from '@xmppkit/runtime'
import { expect, test } from 'vitest'
import { createTimeLimit } from './time-limit.js'

const never = new AbortController().signal

test('an answer at once is handed on at once', () => {
  const limit = createTimeLimit(createManualClock(), 1000)
  expect(limit(never, () => 'answer')).toBe('answer')
  expect(() =>
    limit(never, () => {
      throw new Error('broken')
    }),
  ).toThrow('broken')
})

test('an answer in time is handed on, and nothing is left behind', async () => {
  const clock = createManualClock()
  const limit = createTimeLimit(clock, 1000)
  let signal: AbortSignal | undefined
  const answer = limit(never, async (wait) => {
    signal = wait.signal
    return 'answer'
  })
  expect(await answer).toBe('answer')
  await clock.advance(5000)
  expect(signal?.aborted).toBe(false)
  await expect(limit(never, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
})

test('an answer too late is an error, and whoever works on it is told', async () => {
  const clock = createManualClock()
  let signal: AbortSignal | undefined
  const answer = Promise.resolve(
    createTimeLimit(clock, 1000)(never, (wait) => {
      signal = wait.signal
      return new Promise<string>(() => {})
    }),
  )
  const outcome = answer.catch((error: unknown) => error)
  await clock.advance(999)
  expect(signal?.aborted).toBe(false)
  await clock.advance(1)
  expect(await outcome).toMatchObject({ code: 'auth/timeout' })
  expect(signal?.aborted).toBe(true)
})

test('when nobody waits any more the work is told, also if that was so from the start', async () => {
  const limit = createTimeLimit(createManualClock(), 1000)
  const controller = new AbortController()
  const waiting = Promise.resolve(limit(controller.signal, () => new Promise<string>(() => {})))
  controller.abort(new Error('gone'))
  await expect(waiting).rejects.toThrow('gone')
  await expect(limit(controller.signal, () => new Promise<string>(() => {}))).rejects.toThrow('gone')
})

test('a signal that is asked for when nobody waits any more is aborted already', async () => {
  const clock = createManualClock()
  let given: { readonly signal: AbortSignal } | undefined
  const answer = Promise.resolve(
    createTimeLimit(clock, 1000)(never, (wait) => {
      given = wait
      return new Promise<string>(() => {})
    }),
  )
  const outcome = answer.catch((error: unknown) => error)
  await clock.advance(1000)
  expect(given?.signal.aborted).toBe(true)
  expect(given?.signal.reason).toBe(await outcome)
})
