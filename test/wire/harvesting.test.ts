import { AccountsService } from '@xmppkit/auth/module'
import { parseJid } from '@xmppkit/jid'
import type { WireClient } from '@xmppkit/testing'
import { type RawElement, textFromWire } from '@xmppkit/xml'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inMemory, type Place } from './ways.js'

// Whoever collects addresses must learn nothing by asking: an account that is online, one that is away and one
// that does not exist look alike to strangers. What a person writes is another matter: it is delivered or not.
const password = 'r0m30'
const names = ['online', 'away', 'missing'] as const

let place: Place
let stranger: WireClient
beforeAll(async () => {
  place = await inMemory.open()
  const accounts = place.server.host().get(AccountsService)
  for (const name of ['stranger', 'online', 'away']) {
    await accounts.register(parseJid(`${name}@capulet.test`).bare, password)
  }
  stranger = place.dial('capulet.test')
  await stranger.login({ username: 'stranger', password, resource: 'here' })
  const online = place.dial('capulet.test')
  await online.login({ username: 'online', password, resource: 'home' })
  online.send('<presence/>')
  await online.expect('<presence/>')
})
afterAll(() => place?.[Symbol.asyncDispose]())

/** All that comes back, with the name of the account taken out. */
async function answers(stanza: string, name: string): Promise<string[]> {
  stranger.send(stanza.replaceAll('{to}', `${name}@capulet.test`))
  stranger.send("<iq type='get' id='end' to='capulet.test'><ping xmlns='urn:xmpp:ping'/></iq>")
  const received: RawElement[] = []
  // A request may be answered after what came later.
  const missing = new Set(/^<iq type='[gs]et'/.test(stanza) ? ['i', 'end'] : ['end'])
  while (missing.size > 0) {
    const one = await stranger.receive()
    missing.delete(one.attr('id') ?? '')
    if (one.attr('id') !== 'end') received.push(one)
  }
  return received.map((one) => textFromWire(one.toWire()).replaceAll(name, '{name}'))
}

const request = (to: string, payload: string, type = 'get') =>
  `<iq type='${type}' id='i' to='${to}'>${payload}</iq>`
const payloads = [
  "<query xmlns='http://jabber.org/protocol/disco#info'/>",
  "<query xmlns='http://jabber.org/protocol/disco#info' node='http://jabber.org/protocol/offline'/>",
  "<query xmlns='http://jabber.org/protocol/disco#items'/>",
  "<query xmlns='urn:xmpp:mam:2'/>",
  "<metadata xmlns='urn:xmpp:mam:2'/>",
  "<prefs xmlns='urn:xmpp:mam:2' default='always'/>",
  "<query xmlns='http://jabber.org/protocol/disco#items' node='urn:example'/>",
  "<query xmlns='jabber:iq:last'/>",
  "<query xmlns='jabber:iq:version'/>",
  "<time xmlns='urn:xmpp:time'/>",
  "<ping xmlns='urn:xmpp:ping'/>",
  "<vCard xmlns='vcard-temp'/>",
  "<vCard xmlns='vcard-temp'><FN>x</FN></vCard>",
  "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query>",
  "<enable xmlns='urn:xmpp:push:0' jid='push.example' node='x'/>",
  "<query xmlns='jabber:iq:roster'/>",
  "<query xmlns='jabber:iq:register'/>",
  "<offline xmlns='http://jabber.org/protocol/offline'><fetch/></offline>",
  "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:example'/></pubsub>",
  "<query xmlns='urn:example:unheard-of'/>",
]

describe.each(['{to}', '{to}/home'])('L-6 L-4 M-8 N-5: %s, asked by a stranger,', (to) => {
  test.each([
    ...payloads.map((payload) => request(to, payload)),
    ...payloads.map((payload) => request(to, payload, 'set')),
    `<iq type='result' id='i' to='${to}'/>`,
    `<presence to='${to}'/>`,
    `<presence to='${to}' type='unavailable'/>`,
    `<presence to='${to}' type='probe'/>`,
    `<presence to='${to}' type='subscribe'/>`,
    `<presence to='${to}' type='subscribed'/>`,
    `<presence to='${to}' type='unsubscribe'/>`,
    `<presence to='${to}' type='unsubscribed'/>`,
    `<message to='${to}' type='error'><error type='cancel'/></message>`,
  ])('answers alike whether it is there, away or does not exist: %s', async (stanza) => {
    const [online, away, missing] = [
      await answers(stanza, names[0]),
      await answers(stanza, names[1]),
      await answers(stanza, names[2]),
    ]
    expect(online).toEqual(missing)
    expect(away).toEqual(missing)
  })
})

test('L-6 A-5: logging in as somebody who does not exist fails as with a wrong password', async () => {
  const conversation = async (name: string) => {
    const client = place.dial('capulet.test')
    const features = await client.secure()
    const error: unknown = await client
      .authenticate({ username: name, password: 'wrong' }, features)
      .catch((cause: unknown) => cause)
    client.cut()
    return String(error).replaceAll(name, '{name}')
  }
  expect(await conversation('away')).toContain('not-authorized')
  expect(await conversation('missing')).toBe(await conversation('away'))
})
