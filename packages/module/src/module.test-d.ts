import type { StandardSchemaV1 } from '@standard-schema/spec'
import { expectTypeOf } from 'vitest'
import { createHost, defineModule, type Host, maybe, provide, service, use } from './index.js'

interface Store {
  load(): string
}
const StoreService = service<Store>('test/store')
const NumberService = service<number>('test/number')

// What `start` gets follows from `needs`, and what it must return from `provides`.
const plain = defineModule({
  name: 'plain',
  needs: { store: StoreService, count: maybe(NumberService) },
  provides: NumberService,
  start(deps, options: { max?: number }, scope) {
    expectTypeOf(deps.store).toEqualTypeOf<Store>()
    expectTypeOf(deps.count).toEqualTypeOf<number | undefined>()
    expectTypeOf(options.max).toEqualTypeOf<number | undefined>()
    expectTypeOf(scope.signal).toEqualTypeOf<AbortSignal>()
    // @ts-expect-error not among its needs
    void deps.other
    return {
      service: 1,
      reload: (next) => expectTypeOf(next.max).toEqualTypeOf<number | undefined>() as never,
    }
  },
})
defineModule({
  name: 'wrong service',
  needs: {},
  provides: NumberService,
  // @ts-expect-error a string is no number
  start: () => ({ service: 'one' }),
})
defineModule({
  name: 'no service',
  needs: {},
  provides: NumberService,
  // @ts-expect-error it provides a number
  start() {},
})
use(
  defineModule({
    name: 'wrong service, nested',
    needs: {},
    provides: NumberService,
    // @ts-expect-error a string is no number
    start: () => ({ service: 'one' }),
  }),
)
defineModule({ name: 'nothing to provide', needs: {}, start() {} })
defineModule({ name: 'nothing to provide, later', needs: {}, async start() {} })
defineModule({ name: 'only reload', needs: {}, start: () => ({ reload() {} }) })

// Options of `use` are those `start` declares.
use(plain)
use(plain, { max: 1 })
// @ts-expect-error of another type
use(plain, { max: 'one' })
// @ts-expect-error unknown
use(plain, { min: 1 })
const strict = defineModule({ name: 'strict', needs: {}, start(_deps, _options: { dir: string }) {} })
use(strict, { dir: 'a' })
// @ts-expect-error it cannot do without
use(strict)
use(defineModule({ name: 'none', needs: {}, start() {} }))

// With a schema, `use` takes what goes in and `start` gets what comes out.
const schema = {} as StandardSchemaV1<{ size?: string }, { size: number }>
const checked = defineModule({
  name: 'checked',
  needs: {},
  options: schema,
  start: (_deps, options) => expectTypeOf(options).toEqualTypeOf<{ size: number }>() as unknown as undefined,
})
use(checked)
use(checked, { size: '1 MiB' })
// @ts-expect-error what comes out is not what goes in
use(checked, { size: 1 })

provide(NumberService, 1)
// @ts-expect-error of another type
provide(NumberService, 'one')

const host: Promise<Host> = createHost({}, { modules: [use(plain), use(strict, { dir: 'a' }), use(checked)] })
expectTypeOf((await host).get(StoreService)).toEqualTypeOf<Store>()
