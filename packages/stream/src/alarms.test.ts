import { createManualClock } from '@xmppkit/runtime'
import { expect, test } from 'vitest'
import { type Alarm, createAlarms } from './alarms.js'

function scene() {
  const clock = createManualClock()
  let timers = 0
  const counted = {
    monotonic: () => clock.monotonic(),
    after: (ms: number, fn: () => void) => {
      timers++
      return clock.after(ms, fn)
    },
  }
  const alarms = createAlarms(counted)
  const rung: string[] = []
  const alarm = (name: string, ring: () => void = () => {}): Alarm => ({
    alarmAt: 0,
    alarmPlace: -1,
    ring() {
      rung.push(`${name} ${clock.monotonic()}`)
      ring()
    },
  })
  return { clock, alarms, alarm, rung, timers: () => timers, start: clock.monotonic() }
}

test('S-14: alarms ring in the order of their moments, with one timer at a time', async () => {
  const { clock, alarms, alarm, rung, timers, start } = scene()
  for (const [name, at] of [
    ['c', 30],
    ['d', 40],
    ['e', 50],
    ['f', 60],
  ] as const) {
    alarms.set(alarm(name), start + at)
  }
  expect(timers()).toBe(1)
  alarms.set(alarm('a'), start + 10)
  expect(timers()).toBe(2)
  await clock.advance(9)
  expect(rung).toEqual([])
  await clock.advance(100)
  expect(rung.map((line) => line.split(' ')[0])).toEqual(['a', 'c', 'd', 'e', 'f'])
  expect(rung.map((line) => Number(line.split(' ')[1]) - start)).toEqual([10, 30, 40, 50, 60])
})

test('an alarm that is cleared or set anew does not ring at its former moment', async () => {
  const { clock, alarms, alarm, rung, start } = scene()
  const [gone, later, never] = [alarm('gone'), alarm('later'), alarm('never')]
  alarms.set(gone, start + 5)
  alarms.set(later, start + 5)
  alarms.set(never, start + 5)
  alarms.clear(gone)
  alarms.clear(gone)
  alarms.set(later, start + 7)
  alarms.set(never, Number.POSITIVE_INFINITY)
  await clock.advance(6)
  expect(rung).toEqual([])
  await clock.advance(1_000_000)
  expect(rung).toEqual([`later ${start + 7}`])
  expect([gone.alarmPlace, later.alarmPlace, never.alarmPlace]).toEqual([-1, -1, -1])
})

test('one that rings may silence another, and set itself for the same moment without end', async () => {
  const { clock, alarms, alarm, rung, start } = scene()
  const victim = alarm('victim')
  const killer = alarm('killer', () => alarms.clear(victim))
  let rounds = 0
  const eager: Alarm = alarm('eager', () => {
    if (++rounds < 3) alarms.set(eager, clock.monotonic())
  })
  alarms.set(killer, start + 1)
  alarms.set(victim, start + 1)
  alarms.set(eager, start + 1)
  await clock.advance(1)
  await clock.advance(1)
  await clock.advance(1)
  expect(rung.filter((line) => line.startsWith('eager'))).toHaveLength(3)
  expect(rung.filter((line) => line.startsWith('victim'))).toHaveLength(0)
})

test('among thousands set, moved and cleared at random each rings once, at its last moment', async () => {
  const { clock, alarms, rung, start } = scene()
  let seed = 3
  const random = (below: number) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    return Math.floor((seed / 2 ** 32) * below)
  }
  const last = new Map<number, number>()
  const all = Array.from(
    { length: 2000 },
    (_, name): Alarm => ({
      alarmAt: 0,
      alarmPlace: -1,
      ring: () => void rung.push(`${name} ${clock.monotonic()}`),
    }),
  )
  for (let step = 0; step < 20_000; step++) {
    const name = random(all.length)
    if (random(4) === 0) {
      alarms.clear(all[name]!)
      last.delete(name)
    } else {
      const at = start + 1 + random(5000)
      alarms.set(all[name]!, at)
      last.set(name, at)
    }
  }
  await clock.advance(5001)
  const expected = [...last].map(([name, at]) => `${name} ${at}`)
  expect([...rung].sort()).toEqual(expected.sort())
  const moments = rung.map((line) => Number(line.split(' ')[1]))
  expect(moments).toEqual([...moments].sort((a, b) => a - b))
})
