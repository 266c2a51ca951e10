import { isDecodeError, message, readStanza } from '@xmppkit/stanza'
import { parseElement, textFromWire } from '@xmppkit/xml'
import { type Reactions, reactions } from './reactions.js'

// Encode: a message as it would go over the wire.
const value: Reactions = { id: 'msg-7', emoji: ['👋', '🐢'] }
const sent = message({ to: 'juliet@example.com', type: 'chat' }, reactions.encode(value))
const text = textFromWire(sent.toWire())
console.log('written:', text)

// Decode: nothing is decoded until the payload is asked for; what comes back has a type.
const received = readStanza(parseElement(text))
console.log('read:   ', received.payload(reactions)?.emoji.join(' '), 'on', received.payload(reactions)?.id)

// What is malformed says where, in words that may be shown to its sender.
const broken = readStanza(parseElement(text.replace(' id="msg-7"', '')))
try {
  broken.payload(reactions)
} catch (error) {
  if (!isDecodeError(error)) throw error
  console.log('refused:', error.message)
}
