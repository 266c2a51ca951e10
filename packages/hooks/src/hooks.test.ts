/* oxlint-disable unicorn/no-thenable -- foreign thenables are tested here */
import { describe, expect, test, vi } from 'vitest'
import { createHooks, drop, event, filter, type Hooks, isDrop, stop } from './index.js'

const opened = event<{ log: string[] }>('test/opened')
const text = filter<string, { by: string }>('test/text')

function withReports(): { hooks: Hooks; reports: unknown[][] } {
  const reports: unknown[][] = []
  const hooks = createHooks({
    onError: (error, { hook, label }) => void reports.push([String(error), hook, label]),
  })
  return { hooks, reports }
}

describe('order', () => {
  test('lower numbers run earlier, equals in the order they were registered', () => {
    const { hooks } = withReports()
    const log: string[] = []
    for (const [name, seq] of [
      ['50 a', 50],
      ['20', 20],
      ['default', undefined],
      ['100', 100],
      ['50 b', 50],
      ['-1.5', -1.5],
      ['last', Number.POSITIVE_INFINITY],
      ['99', 99],
    ] as const) {
      hooks.on(opened, () => void log.push(name), seq === undefined ? {} : { seq })
    }
    void hooks.run(opened, { log })
    expect(log).toEqual(['-1.5', '20', '50 a', 'default', '50 b', '99', '100', 'last'])
  })

  test('a number that is none is refused', () => {
    const { hooks } = withReports()
    expect(() => hooks.on(opened, () => {}, { seq: Number.NaN })).toThrow(
      expect.objectContaining({ code: 'hooks/invalid-seq' }),
    )
  })
})

describe('events', () => {
  test('nobody listens: nothing comes back', () => {
    expect(withReports().hooks.run(opened, { log: [] })).toBeUndefined()
  })

  test('synchronous listeners cost no promise', () => {
    const { hooks } = withReports()
    hooks.on(opened, ({ log }) => void log.push('a'))
    const log: string[] = []
    expect(hooks.run(opened, { log })).toBeUndefined()
    expect(log).toEqual(['a'])
  })

  test('a listener that waits makes the later ones wait', async () => {
    const { hooks } = withReports()
    let go = () => {}
    hooks.on(opened, ({ log }) => void log.push('a'))
    hooks.on(opened, async ({ log }) => {
      await new Promise<void>((resolve) => {
        go = resolve
      })
      log.push('b')
    })
    hooks.on(opened, ({ log }) => void log.push('c'))
    hooks.on(opened, async ({ log }) => void log.push('d'))
    const log: string[] = []
    const done = hooks.run(opened, { log })
    expect(log).toEqual(['a'])
    go()
    await done
    expect(log).toEqual(['a', 'b', 'c', 'd'])
  })

  test('a listener that fails is reported with its label, and the rest are told', async () => {
    const { hooks, reports } = withReports()
    hooks.on(
      opened,
      () => {
        throw new Error('sync')
      },
      { label: 'archive' },
    )
    hooks.on(opened, () => Promise.reject(new Error('async')))
    hooks.on(opened, () => Promise.reject(new Error('again')), { label: 'push' })
    hooks.on(opened, ({ log }) => void log.push('told'))
    const log: string[] = []
    await hooks.run(opened, { log })
    expect(log).toEqual(['told'])
    expect(reports).toEqual([
      ['Error: sync', 'test/opened', 'archive'],
      ['Error: async', 'test/opened', undefined],
      ['Error: again', 'test/opened', 'push'],
    ])
  })

  test('not even a broken onError breaks the walk', async () => {
    const hooks = createHooks({
      onError() {
        throw new Error('logger is down')
      },
    })
    const told = vi.fn()
    hooks.on(opened, () => {
      throw new Error('x')
    })
    hooks.on(opened, told)
    await hooks.run(opened, { log: [] })
    expect(told).toHaveBeenCalledOnce()
  })

  test('a foreign thenable is waited for', async () => {
    const { hooks } = withReports()
    const key = 'then'
    const thenable = { [key]: (resolve: () => void) => queueMicrotask(resolve) }
    const log: string[] = []
    hooks.on(opened, () => thenable as unknown as Promise<void>)
    hooks.on(opened, () => void log.push('after'))
    const done = hooks.run(opened, { log })
    expect(log).toEqual([])
    await done
    expect(log).toEqual(['after'])
  })
})

describe('what a value is handed on to', () => {
  const shown = (outcome: unknown) => `<${isDrop(outcome) ? 'drop' : outcome}>`

  test('gets it at once if nobody waits, whatever came of it', () => {
    const { hooks } = withReports()
    expect(hooks.foldInto(text, 'a', { by: 'x' }, shown)).toBe('<a>')
    const registration = hooks.on(text, (value) => (value === 'b' ? stop('c') : drop))
    expect(hooks.foldInto(text, 'a', { by: 'x' }, shown)).toBe('<drop>')
    expect(hooks.foldInto(text, 'b', { by: 'x' }, shown)).toBe('<c>')
    registration[Symbol.dispose]()
  })

  test('gets it in the turn in which the last handler has answered, however many waited before', async () => {
    const { hooks } = withReports()
    let isDecided = false
    for (const seq of [10, 20]) hooks.on(text, async (value) => `${value}!`, { seq })
    hooks.on(text, (value) => {
      isDecided = true
      queueMicrotask(() => {
        isDecided = false
      })
      return value
    })
    const told = hooks.foldInto(text, 'a', { by: 'x' }, (outcome) => [outcome, isDecided])
    expect(await told).toEqual(['a!!', true])
  })

  test('gets nothing if a handler fails, and may fail or wait itself', async () => {
    const { hooks } = withReports()
    const fail = () => {
      throw new Error('down')
    }
    expect(() => hooks.foldInto(text, 'a', { by: 'x' }, fail)).toThrow('down')
    hooks.on(text, async (value) => (value === 'bad' ? fail() : stop(value)))
    await expect(hooks.foldInto(text, 'bad', { by: 'x' }, shown)).rejects.toThrow('down')
    await expect(hooks.foldInto(text, 'a', { by: 'x' }, fail)).rejects.toThrow('down')
    expect(await hooks.foldInto(text, 'a', { by: 'x' }, async (outcome) => shown(outcome))).toBe('<a>')
  })
})

describe('filters', () => {
  test('no handler: the value comes back', () => {
    expect(withReports().hooks.fold(text, 'a', { by: 'x' })).toBe('a')
  })

  test('each handler gets what the one before returned, and the payload', () => {
    const { hooks } = withReports()
    hooks.on(text, (value, { by }) => `${value}1${by}`)
    hooks.on(text, (value, { by }) => `${value}2${by}`)
    expect(hooks.fold(text, 'a', { by: 'x' })).toBe('a1x2x')
  })

  test('promises in between are waited for, in order', async () => {
    const { hooks } = withReports()
    hooks.on(text, (value) => `${value}1`)
    hooks.on(text, async (value) => `${value}2`)
    hooks.on(text, (value) => `${value}3`)
    hooks.on(text, async (value) => `${value}4`)
    const result = hooks.fold(text, 'a', { by: 'x' })
    expect(result).toBeInstanceOf(Promise)
    expect(await result).toBe('a1234')
  })

  test.each([
    ['at once', (value: string) => stop(`${value}!`)],
    ['later', async (value: string) => stop(`${value}!`)],
  ])('stop ends the walk with a value: %s', async (_, handler) => {
    const { hooks } = withReports()
    const later = vi.fn((value: string) => value)
    hooks.on(text, handler)
    hooks.on(text, later)
    expect(await hooks.fold(text, 'a', { by: 'x' })).toBe('a!')
    expect(later).not.toHaveBeenCalled()
  })

  test.each([
    ['at once', () => drop],
    ['later', async () => drop],
  ])('drop ends the walk with nothing: %s', async (_, handler) => {
    const { hooks } = withReports()
    const later = vi.fn((value: string) => value)
    hooks.on(text, handler)
    hooks.on(text, later)
    const outcome = await hooks.fold(text, 'a', { by: 'x' })
    expect(isDrop(outcome)).toBe(true)
    expect(outcome).toBe(drop)
    expect(later).not.toHaveBeenCalled()
  })

  test('a handler that fails ends the walk and reaches the caller: the value must not pass', async () => {
    const { hooks, reports } = withReports()
    const later = vi.fn((value: string) => value)
    const broken = hooks.on(text, () => {
      throw new Error('policy is down')
    })
    hooks.on(text, later)
    expect(() => hooks.fold(text, 'a', { by: 'x' })).toThrow('policy is down')
    broken[Symbol.dispose]()
    hooks.on(text, () => Promise.reject(new Error('policy is gone')), { seq: 1 })
    await expect(hooks.fold(text, 'a', { by: 'x' })).rejects.toThrow('policy is gone')
    expect(later).not.toHaveBeenCalled()
    expect(reports).toEqual([])
  })

  test('values that are no objects, or undefined, walk too', () => {
    const { hooks } = withReports()
    const flag = filter<boolean | undefined>('test/flag')
    hooks.on(flag, (value) => (value === undefined ? false : undefined))
    expect(hooks.fold(flag, undefined)).toBe(false)
    expect(hooks.fold(flag, true)).toBeUndefined()
  })

  test('only marks are marks', () => {
    for (const value of [undefined, null, 'drop', {}, { kind: 'drop' }, stop(1), () => {}]) {
      expect(isDrop(value)).toBe(false)
    }
  })
})

describe('handlers that come and go', () => {
  test('a removed handler is not called, and removing it twice removes nothing else', () => {
    const { hooks } = withReports()
    const handler = (value: string) => `${value}1`
    const first = hooks.on(text, handler)
    hooks.on(text, handler)
    expect(hooks.fold(text, '', { by: '' })).toBe('11')
    first[Symbol.dispose]()
    first[Symbol.dispose]()
    expect(hooks.fold(text, '', { by: '' })).toBe('1')
  })

  test('a disposal that comes after the last handler went removes no newcomer', () => {
    const { hooks } = withReports()
    const first = hooks.on(text, (value) => `${value}1`)
    first[Symbol.dispose]()
    hooks.on(text, (value) => `${value}2`)
    first[Symbol.dispose]()
    expect(hooks.fold(text, '', { by: '' })).toBe('2')
  })

  test('a walk under way is not disturbed: it ends with the handlers it began with', async () => {
    const { hooks } = withReports()
    const second = { dispose: () => {} }
    hooks.on(
      text,
      async (value) => {
        second.dispose()
        hooks.on(text, (v) => `${v}new`, { seq: 15 })
        return `${value}1`
      },
      { seq: 10 },
    )
    const registered = hooks.on(text, (value) => `${value}2`, { seq: 20 })
    second.dispose = () => registered[Symbol.dispose]()
    expect(await hooks.fold(text, '', { by: '' })).toBe('12')
    expect(await hooks.fold(text, '', { by: '' })).toBe('1new')
  })

  test('a listener may remove itself', () => {
    const { hooks } = withReports()
    const once = hooks.on(opened, ({ log }) => {
      log.push('once')
      once[Symbol.dispose]()
    })
    hooks.on(opened, ({ log }) => void log.push('always'))
    const log: string[] = []
    void hooks.run(opened, { log })
    void hooks.run(opened, { log })
    expect(log).toEqual(['once', 'always', 'always'])
  })

  test('has tells whether it is worth preparing a payload', () => {
    const { hooks } = withReports()
    expect(hooks.has(opened)).toBe(false)
    const handler = hooks.on(opened, () => {})
    expect(hooks.has(opened)).toBe(true)
    handler[Symbol.dispose]()
    expect(hooks.has(opened)).toBe(false)
  })

  test('a hook that fires itself ends when its handlers say so', () => {
    const { hooks } = withReports()
    hooks.on(text, (value) =>
      value.length < 3 ? (hooks.fold(text, `${value}x`, { by: '' }) as string) : value,
    )
    expect(hooks.fold(text, '', { by: '' })).toBe('xxx')
  })
})

describe('names', () => {
  test('one name is one hook, whoever made the token', () => {
    const { hooks } = withReports()
    hooks.on(filter<string, { by: string }>('test/text'), (value) => `${value}!`)
    expect(hooks.fold(text, 'a', { by: '' })).toBe('a!')
  })

  test('one name is one kind', () => {
    const { hooks } = withReports()
    const wrong = event<string>('test/text')
    hooks.on(text, (value) => value)
    const mismatch = expect.objectContaining({ code: 'hooks/kind-mismatch' })
    expect(() => hooks.on(wrong, () => {})).toThrow(mismatch)
    expect(() => hooks.run(wrong, 'a')).toThrow(mismatch)
    expect(() => hooks.has(wrong)).toThrow(mismatch)
    hooks.on(opened, () => {})
    expect(() => hooks.fold(filter<string>('test/opened'), 'a')).toThrow(mismatch)
  })

  test('names found on every object are names like others', () => {
    const { hooks } = withReports()
    expect(hooks.fold(filter<string>('constructor'), 'a')).toBe('a')
    expect(hooks.has(event('__proto__'))).toBe(false)
  })

  test('tokens and marks of another installed copy are understood', async () => {
    vi.resetModules()
    const other = await import('./index.js')
    expect(other.drop).not.toBe(drop)
    const { hooks } = withReports()
    hooks.on(other.filter<string, { by: string }>('test/text'), (value) => {
      if (value === 'drop') return other.drop
      return other.stop(`${value}!`)
    })
    hooks.on(text, () => 'not reached')
    expect(hooks.fold(text, 'a', { by: '' })).toBe('a!')
    const outcome = hooks.fold(text, 'drop', { by: '' })
    expect(isDrop(outcome)).toBe(true)
    expect(other.isDrop(outcome)).toBe(true)
  })
})

test('a hook without handlers allocates nothing', () => {
  const { hooks } = withReports()
  const payload = { by: '' }
  const walk = (times: number) => {
    for (let i = 0; i < times; i++) {
      void hooks.fold(text, 'a', payload)
      void hooks.run(opened, payload as never)
    }
  }
  walk(20_000)
  // The smallest object is 16 bytes: one per call would show as 3 MB, the measuring itself as some KiB.
  const smallest = Math.min(
    ...Array.from({ length: 5 }, () => {
      const before = process.memoryUsage().heapUsed
      walk(100_000)
      return Math.max(0, process.memoryUsage().heapUsed - before)
    }),
  )
  expect(smallest).toBeLessThan(400_000)
})
