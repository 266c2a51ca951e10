// @ts-check
// Hooks on the hot path: nobody there, and handlers that have nothing to do.
import { built, measure } from './measure.mjs'

const { createHooks, event, filter } = await built('hooks')

const onError = (/** @type {unknown} */ error) => {
  throw error
}
const value = { text: 'hello' }
for (const count of [0, 1, 5]) {
  const hooks = createHooks({ onError })
  const changed = filter(`bench/filter-${count}`)
  const told = event(`bench/event-${count}`)
  for (let i = 0; i < count; i++) {
    hooks.on(changed, (/** @type {object} */ same) => same, { seq: i })
    hooks.on(told, () => {}, { seq: i })
  }
  measure(`filter, handlers: ${count}`, () => hooks.fold(changed, value))
  measure(`event, listeners: ${count}`, () => {
    hooks.run(told, value)
    return 1
  })
}
