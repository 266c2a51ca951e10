import { describe, expect, test } from 'vitest'
import { fakeHost } from './fake-host.js'

const juliet = 'juliet@example.com'
const romeo = 'romeo@example.com/orchard'

describe('retraction', () => {
  const retract = (id: string) => `<retract xmlns='urn:xmpp:message-retract:1' id='${id}'/>`
  const setup = async () => {
    const host = fakeHost()
    const from = await host.connect(romeo)
    const to = await host.connect(`${juliet}/balcony`)
    await to.available()
    await from.says(juliet, 'secret', " id='m1'")
    return { host, from, to }
  }

  test('RETR-1 SEC-22: its author retracts a message: both archives keep a tombstone and the retraction', async () => {
    const { host, from } = await setup()
    await host.clock.advance(1000)
    // From another device of the same account.
    const phone = await host.connect('romeo@example.com/phone')
    await phone.send(`<message to='${juliet}/balcony' type='chat' id='r1'>${retract('m1')}</message>`)
    for (const account of ['romeo@example.com', juliet]) {
      const [tombstone, retraction] = await host.archived(account)
      expect(tombstone).toBe(
        `<message to='${juliet}' type='chat' id='m1' from='${romeo}'>` +
          "<retracted xmlns='urn:xmpp:message-retract:1' id='r1' stamp='2026-01-31T12:00:01Z'/></message>",
      )
      expect(retraction).toContain("<retract xmlns='urn:xmpp:message-retract:1' id='m1'/>")
    }
    expect((await from.query()).bodies).not.toContain('secret')
  })

  test('RETR-1 SEC-22: nobody else can', async () => {
    const { host, to } = await setup()
    const eve = await host.connect('eve@example.com/x')
    await eve.send(`<message to='${juliet}' type='chat' id='r1'>${retract('m1')}</message>`)
    await eve.send(`<message to='romeo@example.com' type='chat' id='r1'>${retract('m1')}</message>`)
    await to.send(`<message to='romeo@example.com' type='chat' id='r1'>${retract('m1')}</message>`)
    for (const account of ['romeo@example.com', juliet]) {
      expect((await host.archived(account))[0]).toContain('secret')
    }
  })

  test('RETR-1 SEC-22: nor can another occupant of the same room', async () => {
    const { host } = await setup()
    const inRoom = "<x xmlns='http://jabber.org/protocol/muc#user'/>"
    const says = (nick: string, id: string, children: string) =>
      host.arrives(
        `<message from='room@muc.example.net/${nick}' to='${juliet}/balcony' type='chat' id='${id}'>${children}</message>`,
      )
    await says('nurse', 'p1', `<body>private</body>${inRoom}`)
    await says('eve', 'r1', retract('p1'))
    expect((await host.archived(juliet))[1]).toContain('private')
    await says('nurse', 'r2', retract('p1'))
    expect((await host.archived(juliet))[1]).toContain('<retracted')
  })

  test('RETR-1: one that names nothing, or has no id to be found by, is archived and does nothing', async () => {
    const { host, from } = await setup()
    await from.send(`<message to='${juliet}' type='chat'>${retract('m1')}</message>`)
    await from.send(`<message to='${juliet}' type='chat' id='r2'>${retract('m9')}</message>`)
    const archived = await host.archived(juliet)
    expect(archived).toHaveLength(3)
    expect(archived[0]).toContain('secret')
    expect(host.logged).toEqual([])
  })
})
