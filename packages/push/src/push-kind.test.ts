import { expect, test } from 'vitest'
import { pushKindOf } from './push-kind.js'
import { messageOf } from './push-scene.js'

const body = '<body>hi</body>'
const muc = 'http://jabber.org/protocol/muc#user'

test.each([
  ['a text', 'chat', body, 'message'],
  ['a text without a type', 'normal', body, 'message'],
  ['an empty text', 'chat', '<body/>', undefined],
  ['a subject alone', 'normal', '<subject>x</subject>', undefined],
  ['a headline', 'headline', body, undefined],
  ['an error', 'error', body, undefined],
  ['a message of a room', 'groupchat', body, undefined],
  ['a chat state', 'chat', "<composing xmlns='http://jabber.org/protocol/chatstates'/>", undefined],
  ['a marker', 'chat', "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>", undefined],
  ['a receipt', 'chat', "<received xmlns='urn:xmpp:receipts' id='1'/>", undefined],
  ['a retraction', 'chat', "<retract xmlns='urn:xmpp:message-retract:1' id='1'/>", undefined],
  ['a body of another namespace', 'chat', "<body xmlns='urn:example'>x</body>", undefined],
  [
    'OMEMO',
    'chat',
    "<encrypted xmlns='urn:xmpp:omemo:2'><header/><payload>x</payload></encrypted>",
    'message',
  ],
  [
    'OMEMO as most clients have it',
    'chat',
    "<encrypted xmlns='eu.siacs.conversations.axolotl'><payload>x</payload></encrypted>",
    'message',
  ],
  ['an exchange of keys', 'chat', "<encrypted xmlns='urn:xmpp:omemo:2'><header/></encrypted>", undefined],
  ['OpenPGP', 'chat', "<openpgp xmlns='urn:xmpp:openpgp:0'>x</openpgp>", 'message'],
  ['OpenPGP of old', 'chat', "<x xmlns='jabber:x:encrypted'>x</x>", 'message'],
  ['a call', 'chat', "<propose xmlns='urn:xmpp:jingle-message:0' id='1'/>", 'call'],
  ['a call with a text', 'chat', `${body}<invite xmlns='urn:xmpp:call-invites:0'/>`, 'call'],
  ['the end of a call', 'chat', "<retract xmlns='urn:xmpp:jingle-message:0' id='1'/>", undefined],
  ['an invitation', 'normal', "<x xmlns='jabber:x:conference' jid='room@muc.example'/>", 'invite'],
  ['an invitation by a room', 'normal', `<x xmlns='${muc}'><invite from='a@b'/></x>`, 'invite'],
  ['a word of a room', 'normal', `<x xmlns='${muc}'><status code='104'/></x>`, undefined],
] as const)('what is worth a notification: %s', (_, type, content, kind) => {
  expect(pushKindOf(messageOf(content, type))).toBe(kind)
})
