import { describe, expect, test } from 'vitest'
import { isEligible } from './eligible.js'
import { read } from './fake-host.js'

const table: readonly [message: string, sent: boolean, received: boolean][] = [
  ["<message type='chat'><body>x</body></message>", true, true],
  ["<message type='chat'/>", true, true],
  ['<message><body>x</body></message>', true, true],
  ['<message><subject>x</subject></message>', false, false],
  ["<message><active xmlns='http://jabber.org/protocol/chatstates'/></message>", true, true],
  ["<message><received xmlns='urn:xmpp:receipts' id='1'/></message>", true, true],
  ["<message><displayed xmlns='urn:xmpp:chat-markers:0' id='1'/></message>", true, true],
  ["<message type='headline'><body>x</body></message>", false, false],
  ["<message type='groupchat'><body>x</body></message>", false, false],
  ["<message type='error'><body>x</body><error type='cancel'/></message>", false, false],
  ["<message type='chat'><body>x</body><private xmlns='urn:xmpp:carbons:2'/></message>", false, false],
  ["<message type='chat'><body>x</body><no-copy xmlns='urn:xmpp:hints'/></message>", false, false],
  ["<message type='chat'><body>x</body><no-store xmlns='urn:xmpp:hints'/></message>", true, true],
  [
    "<message type='chat'><body>x</body><x xmlns='http://jabber.org/protocol/muc#user'/></message>",
    true,
    false,
  ],
  [
    "<message><x xmlns='http://jabber.org/protocol/muc#user'><invite from='a@example.com'/></x></message>",
    true,
    true,
  ],
  ["<message><x xmlns='jabber:x:conference' jid='room@rooms.example.com'/></message>", true, true],
  ["<presence type='unavailable'/>", false, false],
]

describe('which messages are copied', () => {
  test.each(table)('CARBON-1: %s', (xml, sent, received) => {
    expect([isEligible(read(xml), 'sent'), isEligible(read(xml), 'received')]).toEqual([sent, received])
  })
})
