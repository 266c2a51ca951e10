// @ts-check
// Stanzas as clients send them, the same in every run.

const texts = [
  'Are you coming tonight? We could meet at the station around eight & walk from there.',
  'Привет! Как дела? Давно не виделись, надо бы встретиться на этой неделе.',
  'Gehört: „Übermorgen wird es schön“ – na dann, bis dahin! 😀',
  'ok',
  'The build is green again. I pushed the fix for the flaky test; could you have a look when you are back? '.repeat(
    2,
  ),
  '今日は会議がありますので、少し遅れます。先に始めてください。',
]
let seed = 42
const random = (/** @type {number} */ n) => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed % n
}
const hex = (/** @type {number} */ n) => Array.from({ length: n }, () => random(16).toString(16)).join('')
const base64 = (/** @type {number} */ n) =>
  Buffer.from(Array.from({ length: n }, () => random(256))).toString('base64')
const text = () => (texts[random(texts.length)] ?? '').replaceAll('&', '&amp;')

/** @type {Record<string, () => string>} */
export const kinds = {
  chat: () =>
    `<message to="user${random(1000)}@example.com/phone.${hex(6)}" id="${hex(16)}" type="chat"><body>${text()}</body><active xmlns="http://jabber.org/protocol/chatstates"/><request xmlns="urn:xmpp:receipts"/><markable xmlns="urn:xmpp:chat-markers:0"/><origin-id xmlns="urn:xmpp:sid:0" id="${hex(16)}"/></message>`,
  presence: () =>
    `<presence id='${hex(8)}'><show>away</show><priority>5</priority><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://example.com/client' ver='${base64(20)}'/><x xmlns='vcard-temp:x:update'><photo>${hex(40)}</photo></x></presence>`,
  iq: () =>
    `<iq type='result' id='${hex(12)}' to='user${random(1000)}@example.com/r'><query xmlns='jabber:iq:roster' ver='${random(99)}'>${Array.from({ length: 4 }, (_, i) => `<item jid='friend${i}${hex(4)}@example.net' name='Friend ${i}' subscription='both'><group>Friends</group></item>`).join('')}</query></iq>`,
  mam: () =>
    `<message to='user${random(1000)}@example.com/r'><result xmlns='urn:xmpp:mam:2' queryid='${hex(6)}' id='${hex(12)}'><forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2026-01-10T23:08:25Z'/><message xmlns='jabber:client' from='w@example.lit' to='m@example.lit' type='chat'><body>${text()}</body></message></forwarded></result></message>`,
  omemo: () =>
    `<message to='user${random(1000)}@example.com' id='${hex(16)}' type='chat'><encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='${random(1e9)}'>${Array.from({ length: 8 }, () => `<key rid='${random(1e9)}'>${base64(180)}</key>`).join('')}<iv>${base64(12)}</iv></header><payload>${base64(500)}</payload></encrypted><store xmlns='urn:xmpp:hints'/></message>`,
}

/** What a server sees: mostly chat. */
const mix = [...Array(14).fill('chat'), 'presence', 'presence', 'iq', 'iq', 'mam', 'omemo']

/** @param {string} kind or `mix` @param {number} count */
export const corpus = (kind, count) =>
  Array.from({ length: count }, (_, i) =>
    Buffer.from(kinds[kind === 'mix' ? mix[i % mix.length] : kind]?.() ?? ''),
  )
