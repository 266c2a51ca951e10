import { parseElement } from '@xmppkit/xml'
import { expect, test } from 'vitest'
import { matchXml } from './match-xml.js'

const message = parseElement(
  "<message xmlns='jabber:client' from='a@b/c' id='1'><body>hi</body><x xmlns='urn:x' k='v'/><x xmlns='urn:x' k='w'/></message>",
)

test.each([
  ['<message/>', undefined],
  ["<message from='{any}'><body>hi</body></message>", undefined],
  ['<message><body>{any}</body></message>', undefined],
  ["<message><x xmlns='urn:x' k='w'/></message>", undefined],
  ["<message xmlns='jabber:server'/>", 'message: expected namespace jabber:server, got jabber:client'],
  ['<iq/>', 'message: expected <iq/>, got <message/>'],
  ["<message type='chat'/>", 'message/@type: missing'],
  ["<message from='x'/>", 'message/@from: expected x, got a@b/c'],
  ['<message><body>ho</body></message>', 'message/body: expected text “ho”, got “hi”'],
  ['<message><subject/></message>', 'message/subject: missing'],
  ["<message><x xmlns='urn:x'/><body/></message>", 'message/body: missing'],
  ["<message><x xmlns='urn:x' k='z'/></message>", 'message/x/@k: expected z, got v'],
])('%s → %s', (pattern, mismatch) => {
  expect(matchXml(message, pattern)).toBe(mismatch)
})
