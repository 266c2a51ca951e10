import { message } from '@xmppkit/stanza'
import { expect, test } from 'vitest'
import { deliverPaced } from './paced-delivery.js'
import type { DeliveryOutcome } from './ports.js'

type Receipt = (outcome: DeliveryOutcome) => void

function bench() {
  const receipts: Receipt[] = []
  const asked: string[] = []
  const abort = new AbortController()
  function* stanzas(...bodies: readonly string[]) {
    for (const body of bodies) {
      asked.push(body)
      yield { stanza: message({ body }), size: body.length }
    }
  }
  const sessions = {
    deliverTo: (_sid: string, _stanza: unknown, done?: Receipt) => void receipts.push(done!),
  }
  const deliver = (...bodies: readonly string[]) =>
    deliverPaced(sessions, stanzas(...bodies), {
      session: { sid: '1' },
      maxBytes: 4,
      signal: abort.signal,
    })
  return { deliver, receipts, asked, abort }
}

test('not more at one time than allowed, and what is larger goes alone', async () => {
  const { deliver, receipts, asked } = bench()
  const all = deliver('a', 'bc', 'too long', 'd')
  expect([receipts.length, asked]).toEqual([2, ['a', 'bc', 'too long']])
  for (const receipt of receipts.splice(0)) receipt('delivered')
  await expect.poll(() => receipts.length).toBe(1)
  receipts.shift()?.('delivered')
  expect(await all).toBe(true)
  expect(asked.at(-1)).toBe('d')
})

test('it ends when the session is gone, or nobody waits', async () => {
  const gone = bench()
  const first = gone.deliver('abcd', 'e')
  gone.receipts.shift()?.('failed')
  expect(await first).toBe(false)
  expect(gone.receipts).toEqual([])
  const tired = bench()
  const second = tired.deliver('abcd', 'e')
  tired.abort.abort()
  expect(await second).toBe(false)
  expect(tired.receipts).toHaveLength(1)
})
