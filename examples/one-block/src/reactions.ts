import { attr, children, element, type Infer, string, text } from '@xmppkit/stanza'

const ns = 'urn:xmpp:reactions:0'

/** Reactions to a message (XEP-0444), declared once: what is read, what is written, and their type. */
export const reactions = element('reactions', ns, {
  id: attr('id', string),
  emoji: children(text('reaction', ns, string), { max: 20 }),
})

/** `{ readonly id: string; readonly emoji: readonly string[] }`, inferred. */
export type Reactions = Infer<typeof reactions>
