// @ts-check
// Views of stanzas and typed payloads, both directions.
import { built, measure } from './measure.mjs'
import { kinds } from './stanzas.mjs'

const { attr, bareJid, children, element, message, optionalAttr, readStanza, string, text } =
  await built('stanza')
const { parseElement } = await built('xml')

const NS = 'jabber:iq:roster'
const item = element('item', NS, {
  jid: attr('jid', bareJid),
  name: optionalAttr('name', string),
  subscription: optionalAttr('subscription', string),
  groups: children(text('group', NS, string), { max: 100 }),
})
const roster = element('query', NS, { ver: optionalAttr('ver', string), items: children(item) })

/** @param {string} kind */
const raw = (kind) => parseElement((kinds[kind]?.() ?? '').replace(/^<(\w+)/, "<$1 xmlns='jabber:client'"))
const chat = raw('chat')
const iq = readStanza(raw('iq'))
const query = iq.payload(roster)

measure('view of a message', () => readStanza(chat))
measure('text of a body', () => readStanza(chat).text('body'))
measure('is a payload there?', () => readStanza(chat).has('request', 'urn:xmpp:receipts'))
measure('another address, and write', () =>
  readStanza(chat).with({ from: 'juliet@example.com/balcony' }).toWire(),
)
measure('decode a roster of 4', () => readStanza(iq.raw ?? raw('iq')).payload(roster))
measure('encode a roster of 4', () => roster.encode(query))
measure('make a message', () => message({ to: 'romeo@example.com', body: 'Hello' }))
