import { expect, test } from 'vitest'
import { read } from './fake-host.js'
import { isInstantMessage } from './instant-message.js'

const body = '<body>hi</body>'
const omemo = "<encrypted xmlns='urn:xmpp:omemo:2'>"

test.each([
  ['a body', body],
  ['a body with a marker to be shown', `${body}<markable xmlns='urn:xmpp:chat-markers:0'/>`],
  ['an encrypted message', `${omemo}<header/><payload>AA==</payload></encrypted>`],
  ['one of OpenPGP', "<openpgp xmlns='urn:xmpp:openpgp:0'>AA==</openpgp>"],
  ['a file', "<x xmlns='jabber:x:oob'><url>https://example.com/</url></x>"],
  ['an invitation', "<x xmlns='jabber:x:conference' jid='room@example.net'/>"],
])('people read %s', (_what, content) => {
  expect(isInstantMessage(read(`<message to='a@example.com'>${content}</message>`))).toBe(true)
})

test.each([
  ['a receipt', "<received xmlns='urn:xmpp:receipts' id='1'/>"],
  ['a marker', "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>"],
  ['an exchange of keys', `${omemo}<header/></encrypted>`],
  ['a call', "<propose xmlns='urn:xmpp:jingle-message:0' id='1'/>"],
  // What has a text for clients that do not understand it.
  ['a correction', `${body}<replace xmlns='urn:xmpp:message-correct:0' id='1'/>`],
  ['a reaction', `${body}<reactions xmlns='urn:xmpp:reactions:0' id='1'/>`],
  ['a retraction', `${body}<retract xmlns='urn:xmpp:message-retract:1' id='1'/>`],
  ['a fastening', `${body}<apply-to xmlns='urn:xmpp:fasten:0' id='1'/>`],
])('%s is about something else', (_what, content) => {
  expect(isInstantMessage(read(`<message to='a@example.com'>${content}</message>`))).toBe(false)
})
