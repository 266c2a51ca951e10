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

test('a pattern can ask for absence, count children and keep values', () => {
  const item = parseElement("<query xmlns='jabber:iq:roster' ver='7'><item jid='a'/><item jid='b'/></query>")
  const captured = new Map<string, string>()
  const query = (attributes: string) => `<query xmlns='jabber:iq:roster' ${attributes}/>`
  expect(matchXml(item, query("ver='{set:v}' ask='{none}' _children='2'"), captured)).toBeUndefined()
  expect(captured.get('v')).toBe('7')
  expect(matchXml(item, query("ver='{none}'"))).toBe('query/@ver: expected none, got 7')
  expect(matchXml(item, query("_children='1'"))).toBe('query/@_children: expected 1, got 2')
})
