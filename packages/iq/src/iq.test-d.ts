import { parseJid } from '@xmppkit/jid'
import { attr, bool, defineIq, element, oneOf, optionalAttr, string, text } from '@xmppkit/stanza'
import { expectTypeOf } from 'vitest'
import type { Iq } from './index.js'

declare const dispatcher: Iq

const search = defineIq({
  type: 'get',
  request: element('search', 'test:search', {
    text: attr('text', string),
    exact: optionalAttr('exact', bool),
  }),
  result: element('state', 'test:search', { kind: attr('kind', oneOf('open', 'closed')) }),
})
const remove = defineIq({ type: 'set', request: text('remove', 'test:search', string) })

// What a handler gets and returns follows from the definition.
dispatcher.handle(search, 'account', ({ payload, signal }) => {
  expectTypeOf(payload).toEqualTypeOf<{ readonly text: string; readonly exact?: boolean }>()
  expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
  return { kind: 'open' }
})
dispatcher.handle(search, 'server', async ({ payload }) => {
  if (payload.exact) return { kind: 'closed' }
  return undefined
})
dispatcher.handle(remove, 'account', ({ payload }) => {
  expectTypeOf(payload).toEqualTypeOf<string>()
})
// @ts-expect-error no such kind
dispatcher.handle(search, 'account', () => ({ kind: 'ajar' }))
// @ts-expect-error of another type
dispatcher.handle(search, 'account', () => 'open')
// @ts-expect-error nothing is expected here
dispatcher.handle(remove, 'account', () => 'removed')
// @ts-expect-error neither an account nor the server
dispatcher.handle(remove, 'room', () => {})
// @ts-expect-error so many what?
dispatcher.handle(remove, 'account', () => {}, { concurrency: 3 })

// So does what is sent and comes back.
const to = parseJid('juliet@example.org')
expectTypeOf(dispatcher.request(search, to, { text: 'a' })).resolves.toEqualTypeOf<{
  readonly kind: 'open' | 'closed'
}>()
expectTypeOf(dispatcher.request(remove, to, 'a')).resolves.toEqualTypeOf<void>()
// @ts-expect-error the text is missing
void dispatcher.request(search, to, {})
// @ts-expect-error of another type
void dispatcher.request(remove, to, 1)
