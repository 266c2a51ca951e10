import { expectTypeOf } from 'vitest'
import type { Stanza } from './stanza.js'

// pass-through risk 1: a view says what its bytes say, because neither can be changed.
declare const stanza: Stanza

expectTypeOf(stanza.with({ id: '1' })).toEqualTypeOf<Stanza>()
// @ts-expect-error: the addressee
stanza.to = undefined
// @ts-expect-error: the sender
stanza.from = undefined
// @ts-expect-error: the type
stanza.type = 'chat'
// @ts-expect-error: the id
stanza.id = '1'
// @ts-expect-error: the element behind it
stanza.raw = stanza.raw.append(stanza.raw)
// @ts-expect-error: the tree of it
stanza.element = stanza.raw.toElement()
