import { createManualClock } from '@xmppkit/runtime'
import { describe, expect, test } from 'vitest'
import { createConnectionPool, type Poolable } from './connection-pool.js'

class Fake implements Poolable {
  usable = true
  destroy(): void {
    this.usable = false
  }
}

function rig(limits: Partial<{ maxConnections: number; maxWaiting: number; idleMs: number }> = {}) {
  const clock = createManualClock()
  const opened: Fake[] = []
  const open = async () => {
    const fake = new Fake()
    opened.push(fake)
    return fake
  }
  const pool = createConnectionPool(
    { open, clock },
    { maxConnections: 2, maxWaiting: 2, idleMs: 1000, ...limits },
  )
  return { clock, opened, pool }
}

/** Work that ends when it is told to. */
function gate() {
  let go = () => {}
  const opened = new Promise<void>((resolve) => {
    go = resolve
  })
  return { go, work: () => opened }
}

describe('a pool', () => {
  test('opens what is needed, uses it again, and lets go of it when nobody needs it', async () => {
    const { pool, opened, clock } = rig()
    for (let n = 0; n < 3; n++) await pool.use(async () => {})
    expect(opened).toHaveLength(1)
    await clock.advance(1000)
    expect(opened[0]?.usable).toBe(false)
    await pool.use(async () => {})
    expect(opened).toHaveLength(2)
  })

  test('gives each connection to one at a time, in order, and refuses when too many wait', async () => {
    const { pool, opened } = rig()
    const gates = [gate(), gate()]
    const order: number[] = []
    const running = gates.map(({ work }, n) => pool.use(work).then(() => order.push(n)))
    const waiting = [2, 3].map((n) => pool.use(async () => void order.push(n)))
    await expect(pool.use(async () => {})).rejects.toMatchObject({ code: 'ldap/overloaded' })
    for (const { go } of gates) go()
    await Promise.all([...running, ...waiting])
    expect(order).toHaveLength(4)
    expect(order.filter((n) => n > 1)).toEqual([2, 3])
    expect(opened).toHaveLength(2)
  })

  test('lets who gives up leave the queue, and drops a connection in use', async () => {
    const { pool, opened } = rig({ maxConnections: 1 })
    const { go, work } = gate()
    const abort = new AbortController()
    const running = pool.use(work, abort.signal)
    const impatient = new AbortController()
    const waiting = pool.use(async () => 'never', impatient.signal)
    impatient.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    await Promise.resolve()
    abort.abort(new Error('gone'))
    expect(opened[0]?.usable).toBe(false)
    go()
    await running
    expect(await pool.use(async () => 'next')).toBe('next')
    expect(opened).toHaveLength(2)
  })

  test('tries once more when a connection that was idle turns out to be gone, and only then', async () => {
    const { pool, opened } = rig()
    await pool.use(async () => {})
    let tries = 0
    const work = async (connection: Fake) => {
      tries += 1
      if (connection !== opened[0]) return 'answered'
      connection.destroy()
      throw new Error('gone')
    }
    expect(await pool.use(work)).toBe('answered')
    expect(tries).toBe(2)
    await expect(
      pool.use(async (connection) => {
        tries += 1
        connection.destroy()
        if (connection === opened[1]) throw new Error('gone')
        throw new Error('gone again')
      }),
    ).rejects.toThrow('gone again')
    expect(tries).toBe(4)
    // A failure that leaves the connection as it was is an answer.
    await expect(
      pool.use(async () => {
        tries += 1
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    expect(tries).toBe(5)
  })

  test('closes what it has, and opens no more', async () => {
    const { pool, opened } = rig()
    const { go, work } = gate()
    await pool.use(async () => {})
    const running = pool.use(work)
    await pool[Symbol.asyncDispose]()
    go()
    await running
    expect(opened.every(({ usable }) => !usable)).toBe(true)
    await expect(pool.use(async () => {})).rejects.toMatchObject({ code: 'ldap/unavailable' })
  })
})
