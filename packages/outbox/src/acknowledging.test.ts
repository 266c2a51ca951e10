import { expect, test } from 'vitest'
import { createAcknowledging } from './acknowledging.js'
import { settled } from './fake-receiver.js'
import type { OutboxEntry } from './ports.js'

const entry = (id: string): OutboxEntry => ({
  id,
  target: 'crm',
  conversation: '',
  account: 'a@b',
  type: 'message.sent',
  event: '{}',
  at: 0,
  refusals: 0,
})

function scene() {
  const written: string[][] = []
  const state: { failing: boolean /** Arrives as a write ends. */; next?: string | undefined } = {
    failing: false,
  }
  const acknowledging = createAcknowledging(
    {
      store: {
        async ack(_, ids) {
          if (state.failing) throw new Error('down')
          written.push([...ids])
        },
      },
      acked() {
        const { next: id } = state
        state.next = undefined
        if (id !== undefined) queueMicrotask(() => acknowledging.add(entry(id)))
      },
      failed() {},
    },
    'crm',
  )
  return { acknowledging, written, state }
}

test('what arrives as a write ends is written too', async () => {
  const { acknowledging, written, state } = scene()
  state.next = '2'
  acknowledging.add(entry('1'))
  await settled()
  await acknowledging.settled()
  expect([written, acknowledging.size]).toEqual([[['1'], ['2']], 0])
})

test('what arrives while one is under way is written in one go', async () => {
  const { acknowledging, written } = scene()
  for (const id of ['1', '2', '3']) acknowledging.add(entry(id))
  await acknowledging.settled()
  expect(written).toEqual([['1'], ['2', '3']])
})

test('what could not be written is tried again, and nothing is if there is nothing', async () => {
  const { acknowledging, written, state } = scene()
  acknowledging.retry()
  state.failing = true
  acknowledging.add(entry('1'))
  await acknowledging.settled()
  expect([written, acknowledging.size]).toEqual([[], 1])
  state.failing = false
  acknowledging.retry()
  await acknowledging.settled()
  expect([written, acknowledging.size]).toEqual([[['1']], 0])
})
