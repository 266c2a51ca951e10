import type { EventSink, OutboxTarget } from './event-sink.js'
import type { OutboxEvent } from './events.js'

/** Lets everything that waits for promises alone run. */
export const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** A receiver that does what a test says. */
export interface FakeReceiver {
  readonly target: OutboxTarget
  /** What was handed to it, oldest first: `conversation/number`. */
  readonly tried: string[]
  /** What it has taken. */
  readonly got: string[]
  /** Decides what becomes of an event; by default it is taken. */
  answer: EventSink
}

/** The number a test gave an event, and its conversation. */
export const nameOf = ({ conversation, data }: OutboxEvent): string =>
  `${conversation}/${'id' in data ? data.id : ''}`

/** Makes a receiver of this name. */
export function fakeReceiver(name = 'crm'): FakeReceiver {
  const receiver: FakeReceiver = {
    tried: [],
    got: [],
    answer: () => {},
    target: {
      name,
      async deliver(event, handover) {
        receiver.tried.push(nameOf(event))
        await receiver.answer(event, handover)
        receiver.got.push(nameOf(event))
      },
    },
  }
  return receiver
}
