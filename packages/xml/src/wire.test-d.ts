import { expectTypeOf } from 'vitest'
import type { ChildName, RawElement } from './raw-element.js'
import { asWire, bytesFromWire, textFromWire, type Wire, wireFromText } from './wire.js'
import { writeElement } from './writer.js'

// pass-through risk 8: a wire is bytes; text taken for a wire, or a wire for text, corrupts what is beyond ASCII.
declare const element: RawElement
declare const wire: Wire
declare function send(bytes: Wire): void

expectTypeOf(element.toWire()).toEqualTypeOf<Wire>()
expectTypeOf(element.content).toEqualTypeOf<Wire>()
expectTypeOf(wireFromText('é')).toEqualTypeOf<Wire>()
expectTypeOf(textFromWire(wire)).toEqualTypeOf<string>()
expectTypeOf(writeElement(element.toElement())).toEqualTypeOf<Wire>()
expectTypeOf<string>().not.toExtend<Wire>()

send(wire)
// @ts-expect-error: text is no wire
send('é')
// @ts-expect-error: a literal of ASCII is not either, or nobody would notice the day it is not ASCII any more
send('<presence/>')
// @ts-expect-error: what is joined with text is text
send(`${wire}é`)
// @ts-expect-error: what is cut out of a wire may be half a character
send(wire.slice(1))
// @ts-expect-error: what was decoded is no wire any more
send(textFromWire(wire))
// @ts-expect-error: text is decoded already
textFromWire('é')
// @ts-expect-error: text has to be encoded first
bytesFromWire('é')
// @ts-expect-error: text cannot be appended as if it were XML
element.append('é')
// Only who builds bytes out of bytes says so.
send(asWire(`${wire}${wire}`))

// pass-through risk 1: nothing of an element can be changed, so nothing it says can differ from its bytes.
expectTypeOf(element.attributes).toEqualTypeOf<readonly (readonly [name: string, value: string])[]>()
expectTypeOf(element.children).toEqualTypeOf<readonly ChildName[]>()
// @ts-expect-error: its name
element.name = 'a'
// @ts-expect-error: its content
element.content = wire
// @ts-expect-error: its children
element.children.push({ name: 'a', ns: '' })
// @ts-expect-error: the name of a child
element.children[0]!.name = 'a'
// @ts-expect-error: an attribute
element.attributes[0]![1] = 'a'
