import { expectTypeOf } from 'vitest'
import { createHooks, drop, event, filter, isDrop, stop } from './index.js'

const hooks = createHooks({ onError() {} })
const opened = event<{ id: number }>('test/opened')
const closed = event('test/closed')
const rewrite = filter<string, { from: string }>('test/rewrite')
const check = filter<boolean>('test/check')
const choose = filter<'bounce' | 'stored'>('test/choose')

// The payload's type comes from the token.
hooks.on(opened, ({ id }) => {
  expectTypeOf(id).toEqualTypeOf<number>()
})
hooks.on(opened, async ({ id }) => {
  expectTypeOf(id).toEqualTypeOf<number>()
})
hooks.on(closed, () => {})
// @ts-expect-error the payload has no such member
hooks.on(opened, ({ missing }) => missing)
// @ts-expect-error this event has a payload
void hooks.run(opened)
// @ts-expect-error of another type
void hooks.run(opened, { id: 'one' })
void hooks.run(opened, { id: 1 })
void hooks.run(closed)

// A filter's handler returns a value, stop(value), drop, or a promise of one of them.
hooks.on(rewrite, (text, { from }) => text + from)
hooks.on(rewrite, (text) => (text === '' ? drop : text))
hooks.on(rewrite, async (text) => {
  if (text === '') return drop
  if (text === 'a') return stop('b')
  return text
})
hooks.on(check, (allowed) => (allowed ? true : stop(false)))
hooks.on(choose, () => 'stored')
hooks.on(choose, async () => stop('bounce'))
// @ts-expect-error a forgotten return would make the value undefined
hooks.on(rewrite, () => {})
// @ts-expect-error of another type
hooks.on(rewrite, () => 1)
// @ts-expect-error stopped with another type
hooks.on(rewrite, () => stop(1))
// @ts-expect-error not a value of this filter
hooks.on(choose, () => 'discarded')

const folded = hooks.fold(check, true)
expectTypeOf(folded).toEqualTypeOf<boolean | typeof drop | Promise<boolean | typeof drop>>()
const outcome = await hooks.fold(rewrite, 'a', { from: 'b' })
if (!isDrop(outcome)) expectTypeOf(outcome).toEqualTypeOf<string>()
// @ts-expect-error this filter has a payload
void hooks.fold(rewrite, 'a')
// @ts-expect-error an event cannot be folded
void hooks.fold(opened, { id: 1 })
// @ts-expect-error a filter cannot be run
void hooks.run(check)

// A generic value keeps its type.
const items = filter<readonly { name: string }[], { node?: string }>('test/items')
hooks.on(items, (list) => [...list, { name: 'more' }])
// @ts-expect-error an item without its name
hooks.on(items, (list) => [...list, {}])
hooks.on(filter<{ action: 'bounce' | 'stored' | 'discard'; n: number }>('test/object'), async (v) => {
  if (v.n === 1) return stop({ ...v, action: 'stored' })
  return { action: 'discard', n: 2 }
})
