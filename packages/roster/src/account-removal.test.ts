import { describe, expect, test } from 'vitest'
import { fakeHost, settled } from './fake-host.js'
import type { RosterStore } from './ports.js'

const balcony = 'juliet@example.com/balcony'
const room = 'verona@rooms.example.net/juliet'

/** Juliet sees romeo and is seen by him; nurse asked her, she asked paris; she is in a room. */
async function scene(wrap?: (store: RosterStore) => RosterStore) {
  const host = fakeHost(wrap ? { store: wrap } : {})
  const juliet = await host.online(balcony)
  await juliet.send("<presence type='subscribe' to='romeo@example.net'/>")
  await host.arrives("<presence type='subscribed' from='romeo@example.net' to='juliet@example.com'/>")
  await host.arrives("<presence type='subscribe' from='romeo@example.net' to='juliet@example.com'/>")
  await juliet.send("<presence type='subscribed' to='romeo@example.net'/>")
  await host.arrives("<presence type='subscribe' from='nurse@example.net' to='juliet@example.com'/>")
  await juliet.send("<presence type='subscribe' to='paris@example.net'/>")
  await juliet.send(`<presence to='${room}'/>`)
  juliet.heard()
  host.away()
  return { host, juliet }
}

const out = (type: string, to: string, from = 'juliet@example.com') =>
  `<presence from='${from}' to='${to}' type='${type}'/>`
const farewell = [
  out('unsubscribe', 'romeo@example.net'),
  out('unavailable', 'romeo@example.net', balcony),
  out('unsubscribed', 'romeo@example.net'),
  out('unsubscribed', 'nurse@example.net'),
  out('unsubscribe', 'paris@example.net'),
]

describe('an account is removed', () => {
  test('P-10: every contact is told what ends, and the roster is gone with its versions', async () => {
    const { host, juliet } = await scene()
    const { version } = await host.store.load(juliet.jid.bare)
    await host.remove('juliet@example.com')
    expect(host.away()).toEqual(farewell)
    expect(await host.store.load(juliet.jid.bare)).toEqual({ version: 0, items: [] })
    expect(await host.store.changedSince(juliet.jid.bare, version)).toBeUndefined()
  })

  test('P-10 N-3: its sessions, ending afterwards, tell nobody twice, and the rooms once', async () => {
    const { host, juliet } = await scene()
    await host.remove('juliet@example.com')
    host.away()
    await juliet.leave()
    expect(host.away()).toEqual([out('unavailable', room, balcony)])
  })

  test('P-10 N-3: a session that ends while the roster is being removed tells nobody twice', async () => {
    let removed = () => {}
    const slow = (store: RosterStore): RosterStore => ({
      ...store,
      async removeAll(account) {
        await new Promise<void>((resolve) => {
          removed = resolve
        })
        return store.removeAll(account)
      },
    })
    const { host, juliet } = await scene(slow)
    const removing = host.remove('juliet@example.com')
    await settled()
    await juliet.leave()
    removed()
    await removing
    expect(host.away()).toEqual([out('unavailable', room, balcony), ...farewell])
  })

  test('P-10: what happens while it still has sessions leaves nothing for the next of that name', async () => {
    const { host, juliet } = await scene()
    await host.remove('juliet@example.com')
    host.away()
    await host.arrives("<presence type='subscribe' from='tybalt@example.net' to='juliet@example.com'/>")
    await juliet.send("<presence type='subscribe' to='tybalt@example.net'/>")
    await juliet.send(
      "<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='tybalt@example.net'/></query></iq>",
    )
    expect(host.away()).toEqual([])
    expect(juliet.heard()).toEqual([
      expect.stringContaining('<service-unavailable'),
      expect.stringContaining('<service-unavailable'),
    ])
    await juliet.leave()
    expect(await host.store.load(juliet.jid.bare)).toEqual({ version: 0, items: [] })

    const next = await host.online('juliet@example.com/other')
    await next.send("<presence type='subscribe' to='romeo@example.net'/>")
    expect(next.heard()).toHaveLength(1)
    expect(await host.roster.items(next.jid.bare)).toHaveLength(1)
  })

  test('a change that is being written goes first, and is removed with the rest', async () => {
    const { host, juliet } = await scene()
    const writing = juliet.send("<presence type='subscribe' to='tybalt@example.net'/>")
    await Promise.all([writing, host.remove('juliet@example.com')])
    expect(host.away()).toContain(out('unsubscribe', 'tybalt@example.net'))
    expect(await host.store.load(juliet.jid.bare)).toEqual({ version: 0, items: [] })
  })
})
