import { AccountsService } from '@xmppkit/auth/module'
import { parseJid } from '@xmppkit/jid'
import type { SessionsOptions } from '@xmppkit/sessions'
import { expect, test } from 'vitest'
import { inMemory, type Place } from './ways.js'

const password = 'r0m30'

async function open(sessions: SessionsOptions) {
  const place = await inMemory.open({ sessions })
  await place.server.host().get(AccountsService).register(parseJid('juliet@capulet.test').bare, password)
  return place
}

async function connect(place: Place, resource: string) {
  const client = place.dial('capulet.test')
  await client.login({ username: 'juliet', password, resource })
  return client
}

test('B-4: a taken resource may be refused', async () => {
  await using place = await open({ onConflict: 'refuse' })
  const old = await connect(place, 'balcony')
  await expect(connect(place, 'balcony')).rejects.toThrow(/conflict/)
  await old.expectNothing()
})

test('B-3 B-4: or the newcomer gets another', async () => {
  await using place = await open({ onConflict: 'rename' })
  const old = await connect(place, 'balcony')
  const client = await connect(place, 'balcony')
  expect(client.jid.resource).not.toBe('balcony')
  await old.expectNothing()
})

test('B-5 S-15: one session too many may end the oldest', async () => {
  await using place = await open({ maxPerAccount: 2, onLimit: 'close-oldest' })
  const [first, second] = [await connect(place, 'a'), await connect(place, 'b')]
  const third = await connect(place, 'c')
  await first.expect(
    "<error xmlns='http://etherx.jabber.org/streams'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error>",
  )
  await first.expectEnd()
  await second.expectNothing()
  await third.expectNothing()
})

test('M-3: all resources that are not negative may get what is sent to the account', async () => {
  await using place = await open({ bareMessages: 'all-non-negative' })
  const low = await connect(place, 'low')
  const high = await connect(place, 'high')
  const minus = await connect(place, 'minus')
  for (const [client, priority] of [
    [low, 0],
    [high, 5],
    [minus, -1],
  ] as const) {
    client.send(`<presence><priority>${priority}</priority></presence>`)
    await client.settle()
  }
  for (const client of [low, high, minus]) await client.forget()
  high.send(
    "<message to='juliet@capulet.test' type='chat' id='c'/><message to='juliet@capulet.test' id='n'/>",
  )
  await high.settle()
  for (const client of [low, high]) {
    await client.expect("<message id='c'/>")
    await client.expect("<message id='n'/>")
  }
  await minus.expectNothing()
})
