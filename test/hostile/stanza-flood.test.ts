import { createManualClock, type ManualClock } from '@xmppkit/runtime'
import { expect, test } from 'vitest'
import { domain, openScene } from './scene.js'

/** Lets everything happen that waits for no time to pass. */
async function settle(clock: ManualClock): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await clock.advance(0)
}

const message = (n: number) => `<message to='mallory@${domain}/r' id='${n}'><body>flood</body></message>`

test('L-1 NODE-1: who sends faster than allowed is read more slowly, and what waits does not grow', async () => {
  const clock = createManualClock()
  await using scene = await openScene({
    clock,
    c2s: { shaper: { operationsPerSecond: 10, burstOperations: 20 } },
    stream: { maxUnreadBytes: 65_536 },
  })
  const mallory = await scene.person('mallory')
  const received = () => mallory.heard().split('</message>').length - 1
  for (let n = 0; n < 1_000; n++) mallory.send(message(n))
  await settle(clock)
  const burst = received()
  expect(burst).toBeGreaterThanOrEqual(15)
  expect(burst).toBeLessThanOrEqual(25)
  // The others have their own measure.
  await scene.othersChat()

  await clock.advance(10_000)
  await settle(clock)
  expect(received()).toBeGreaterThanOrEqual(burst + 90)
  expect(received()).toBeLessThanOrEqual(burst + 110)
  // Nothing is lost and nothing is out of order: the rest waits on its side of the connection.
  await clock.advance(100_000)
  await settle(clock)
  expect(received()).toBe(1_000)
  const ids = [...mallory.heard().matchAll(/ id=['"](\d+)['"]/g)].map((match) => Number(match[1]))
  expect(ids).toEqual(Array.from({ length: 1_000 }, (_, n) => n))
  mallory.client.cut()
})

test('L-1: bytes are measured like stanzas', async () => {
  const clock = createManualClock()
  await using scene = await openScene({
    clock,
    c2s: { shaper: { bytesPerSecond: 10_000, burstBytes: 20_000 } },
  })
  const mallory = await scene.person('mallory')
  for (let n = 0; n < 20; n++) mallory.send(message(n).replace('flood', 'x'.repeat(10_000)))
  await settle(clock)
  expect(mallory.heard().split('</message>').length - 1).toBeLessThanOrEqual(4)
  await scene.othersChat()
  await clock.advance(30_000)
  await settle(clock)
  expect(mallory.heard().split('</message>').length - 1).toBe(20)
  mallory.client.cut()
})

test('L-1: who writes to too many in a short time is refused, and heard again later', async () => {
  const clock = createManualClock()
  await using scene = await openScene({ clock, c2s: { maxRecipients: 20, recipientsWindowMs: 60_000 } })
  const mallory = await scene.person('mallory')
  const spam = async (first: number, count: number) => {
    const conditions: string[] = []
    for (let n = first; n < first + count; n++) {
      mallory.send(`<message to='victim${n}@${domain}' id='${n}'><body>buy</body></message>`)
      const answer = await mallory.client.expect(`<message type='error' id='${n}'/>`)
      conditions.push(answer.child('error', 'jabber:client')!.children[0]!.name)
    }
    return conditions
  }
  const first = await spam(0, 40)
  expect(first.slice(0, 20)).toEqual(first.slice(0, 20).map(() => 'service-unavailable'))
  expect(first.slice(20)).toEqual(first.slice(20).map(() => 'resource-constraint'))
  await clock.advance(60_000)
  expect((await spam(100, 1))[0]).toBe('service-unavailable')
  await scene.othersChat()
  mallory.client.cut()
})

test('L-1 X-CONS: what waits for somebody who is away is bounded, and each sender learns of it', async () => {
  // What is in an archive is not lost when nothing more may wait, and is not refused.
  await using scene = await openScene({
    offline: { maxMessagesPerAccount: 10 },
    archive: { enabled: false },
  })
  const mallory = await scene.person('mallory')
  const nurse = await scene.person('romeo', 'gone')
  await nurse.client.close()
  for (let n = 0; n < 30; n++)
    mallory.send(`<message to='mallory@${domain}' id='${n}'><body>x</body></message>`)
  await mallory.client.settle()
  const refused = [...mallory.heard().matchAll(/<resource-constraint/g)].length
  expect(refused).toBe(20)
  mallory.client.cut()
})
