import type { BareJid, Jid } from '@xmppkit/jid'
import type { Element } from '@xmppkit/xml'
import { expectTypeOf } from 'vitest'
import type { Infer } from './codec.js'
import { defineIq, type IqDefinition } from './define-iq.js'
import type { delay } from './delay.js'
import { choice, element, text } from './element.js'
import { attr, body, child, children, flag, optionalAttr, optionalChild, raw } from './fields.js'
import { form } from './form.js'
import { booleanField, formField, jidMulti, listMulti, listSingle, textSingle } from './form-entries.js'
import { metaKey } from './meta-key.js'
import { bareJid, bool, dateTime, int, jid, oneOf, string } from './scalars.js'
import type { Stanza } from './stanza.js'
import { StanzaError } from './stanza-error.js'

const item = element('item', 'urn:x', {
  jid: attr('jid', bareJid),
  name: optionalAttr('name', string),
  subscription: optionalAttr('subscription', oneOf('none', 'from', 'to', 'both')),
  groups: children(text('group', 'urn:x', string)),
})
const query = element('query', 'urn:x', {
  ver: optionalAttr('ver', int),
  items: children(item),
  only: child(item),
  maybe: optionalChild(text('maybe', 'urn:x', bool)),
  all: flag('all', 'urn:x'),
  own: body(dateTime),
  rest: raw(),
})

// element: what is optional in the element is an optional property, all are read-only.
expectTypeOf<Infer<typeof item>>().toEqualTypeOf<{
  readonly jid: BareJid
  readonly groups: readonly string[]
  readonly name?: string
  readonly subscription?: 'none' | 'from' | 'to' | 'both'
}>()
expectTypeOf<Infer<typeof query>>().toEqualTypeOf<{
  readonly items: readonly Infer<typeof item>[]
  readonly only: Infer<typeof item>
  readonly own: Date
  readonly rest: readonly Element[]
  readonly ver?: number
  readonly maybe?: boolean
  readonly all?: boolean
}>()
expectTypeOf<Infer<typeof delay>>().toEqualTypeOf<{
  readonly stamp: Date
  readonly reason: string
  readonly from?: Jid
}>()
const empty = element('ping', 'urn:x', {})
empty.encode({})

// @ts-expect-error a required attribute is missing
item.encode({ groups: [] })
// @ts-expect-error the jid must have been parsed
item.encode({ jid: 'a@example.com', groups: [] })
// @ts-expect-error not one of the words
item.encode({ jid: bareJid.parse('a@example.com'), groups: [], subscription: 'remove' })
// @ts-expect-error an attribute needs a scalar
attr('jid')
// @ts-expect-error oneOf needs a word
oneOf()

// choice: a union told apart by kind.
const action = choice({ join: item, leave: text('leave', 'urn:x', jid) })
expectTypeOf<Infer<typeof action>>().toEqualTypeOf<
  | { readonly kind: 'join'; readonly value: Infer<typeof item> }
  | { readonly kind: 'leave'; readonly value: Jid }
>()
// @ts-expect-error the value belongs to the other alternative
action.encode({ kind: 'leave', value: 'x' })

// form: what is required is a property, the rest is optional; choices are unions.
const config = form('urn:x', {
  name: textSingle('name', { required: true, label: 'Name' }),
  open: booleanField('open', { required: false }),
  since: formField('since', dateTime),
  who: listSingle('who', ['all', { value: 'none', label: 'Nobody' }], { required: true }),
  tags: listMulti('tags', ['a', 'b']),
  admins: jidMulti('admins'),
})
expectTypeOf<Infer<typeof config>>().toEqualTypeOf<{
  readonly name: string
  readonly who: 'all' | 'none'
  readonly open?: boolean
  readonly since?: Date
  readonly tags?: readonly ('a' | 'b')[]
  readonly admins?: readonly BareJid[]
}>()
// @ts-expect-error a required field is missing
config.encode({ name: 'x' })
config.blank({ who: 'all' })
// @ts-expect-error not a choice
config.blank({ who: 'some' })

// defineIq: both ends from one definition.
expectTypeOf(defineIq({ type: 'get', request: empty, result: query })).toEqualTypeOf<
  IqDefinition<Infer<typeof empty>, Infer<typeof query>>
>()
expectTypeOf(defineIq({ type: 'set', request: item })).toEqualTypeOf<IqDefinition<Infer<typeof item>, void>>()
// @ts-expect-error a request is get or set
defineIq({ type: 'result', request: item })

// payload and meta carry their types.
declare const stanza: Stanza
expectTypeOf(stanza.payload(item)).toEqualTypeOf<Infer<typeof item> | undefined>()
const key = metaKey<number>('n')
expectTypeOf(stanza.meta(key)).toEqualTypeOf<number | undefined>()
// @ts-expect-error the value has another type
stanza.withMeta(key, 'x')
// @ts-expect-error a stanza is immutable
stanza.type = 'chat'
// @ts-expect-error not a type of any stanza
stanza.with({ type: 'chta' })
// @ts-expect-error not a defined condition
new StanzaError('item-not-fond')
