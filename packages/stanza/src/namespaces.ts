/**
 * The XML namespaces of the RFCs and XEPs this project speaks, by the name a reader would look for.
 */
export const NS = Object.freeze({
  // RFC 6120, RFC 6121, RFC 7395
  client: 'jabber:client',
  server: 'jabber:server',
  streams: 'http://etherx.jabber.org/streams',
  streamErrors: 'urn:ietf:params:xml:ns:xmpp-streams',
  stanzaErrors: 'urn:ietf:params:xml:ns:xmpp-stanzas',
  tls: 'urn:ietf:params:xml:ns:xmpp-tls',
  sasl: 'urn:ietf:params:xml:ns:xmpp-sasl',
  bind: 'urn:ietf:params:xml:ns:xmpp-bind',
  session: 'urn:ietf:params:xml:ns:xmpp-session',
  framing: 'urn:ietf:params:xml:ns:xmpp-framing',
  roster: 'jabber:iq:roster',
  rosterVersioning: 'urn:xmpp:features:rosterver',
  preApproval: 'urn:xmpp:features:pre-approval',
  // XEPs, by number
  dataForms: 'jabber:x:data', // 0004
  lastActivity: 'jabber:iq:last', // 0012
  flexibleOffline: 'http://jabber.org/protocol/offline', // 0013
  privacy: 'jabber:iq:privacy', // 0016
  discoInfo: 'http://jabber.org/protocol/disco#info', // 0030
  discoItems: 'http://jabber.org/protocol/disco#items', // 0030
  addresses: 'http://jabber.org/protocol/address', // 0033
  muc: 'http://jabber.org/protocol/muc', // 0045
  mucUser: 'http://jabber.org/protocol/muc#user', // 0045
  mucAdmin: 'http://jabber.org/protocol/muc#admin', // 0045
  mucOwner: 'http://jabber.org/protocol/muc#owner', // 0045
  privateStorage: 'jabber:iq:private', // 0049
  commands: 'http://jabber.org/protocol/commands', // 0050
  vcard: 'vcard-temp', // 0054
  rsm: 'http://jabber.org/protocol/rsm', // 0059
  pubsub: 'http://jabber.org/protocol/pubsub', // 0060
  pubsubEvent: 'http://jabber.org/protocol/pubsub#event', // 0060
  pubsubOwner: 'http://jabber.org/protocol/pubsub#owner', // 0060
  pubsubErrors: 'http://jabber.org/protocol/pubsub#errors', // 0060
  outOfBand: 'jabber:x:oob', // 0066
  register: 'jabber:iq:register', // 0077
  registerFeature: 'http://jabber.org/features/iq-register', // 0077
  chatStates: 'http://jabber.org/protocol/chatstates', // 0085
  version: 'jabber:iq:version', // 0092
  component: 'jabber:component:accept', // 0114
  caps: 'http://jabber.org/protocol/caps', // 0115
  httpBind: 'http://jabber.org/protocol/httpbind', // 0124
  vcardUpdate: 'vcard-temp:x:update', // 0153
  contactAddresses: 'http://jabber.org/network/serverinfo', // 0157
  receipts: 'urn:xmpp:receipts', // 0184
  blocking: 'urn:xmpp:blocking', // 0191
  blockingErrors: 'urn:xmpp:blocking:errors', // 0191
  streamManagement: 'urn:xmpp:sm:3', // 0198
  ping: 'urn:xmpp:ping', // 0199
  time: 'urn:xmpp:time', // 0202
  delay: 'urn:xmpp:delay', // 0203
  dialback: 'jabber:server:dialback', // 0220
  attention: 'urn:xmpp:attention:0', // 0224
  carbons: 'urn:xmpp:carbons:2', // 0280
  forward: 'urn:xmpp:forward:0', // 0297
  mam: 'urn:xmpp:mam:2', // 0313
  hints: 'urn:xmpp:hints', // 0334
  clientState: 'urn:xmpp:csi:0', // 0352
  push: 'urn:xmpp:push:0', // 0357
  stanzaIds: 'urn:xmpp:sid:0', // 0359
  upload: 'urn:xmpp:http:upload:0', // 0363
  bind2: 'urn:xmpp:bind:0', // 0386
  sasl2: 'urn:xmpp:sasl:2', // 0388
  occupantId: 'urn:xmpp:occupant-id:0', // 0421
  saslChannelBinding: 'urn:xmpp:sasl-cb:0', // 0440
})
