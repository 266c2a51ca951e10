import { message } from '@xmppkit/stanza'
import { expect, test } from 'vitest'
import { createHeldMessages } from './held-messages.js'

const named = (id: string) => message({ from: 'romeo@example.net', to: 'juliet@example.com', id, body: 'hi' })

test('L-1: of too many held messages the oldest are forgotten', () => {
  const held = createHeldMessages(2)
  for (const id of ['1', '2', '1', '3']) held.add(named(id))
  expect(['1', '2', '3', '3'].map((id) => held.take(named(id)))).toEqual([true, false, true, false])
})
