import { drop } from '@xmppkit/hooks'
import { parseJid } from '@xmppkit/jid'
import {
  archivedAs,
  type OfflineMessageValue,
  offlineMessage,
  offlineSeq,
  receivePacket,
} from '@xmppkit/sessions'
import { StanzaError } from '@xmppkit/stanza'
import { describe, expect, test } from 'vitest'
import { fakeHost, settled } from './fake-host.js'
import { messageArchived, storeMamMessage } from './tokens.js'

const romeo = 'romeo@example.com/orchard'
const juliet = 'juliet@example.com'
const stanzaId = (by: string, id: string) => `<stanza-id xmlns='urn:xmpp:sid:0' by='${by}' id='${id}'/>`

async function couple(setup: Parameters<typeof fakeHost>[0] = {}) {
  const host = fakeHost(setup)
  const from = await host.connect(romeo)
  const to = await host.connect(`${juliet}/balcony`)
  await to.available()
  return { host, from, to }
}

describe('what is written and read', () => {
  test('MAM-1: both ends have it in their archive before it is delivered, each under an id of its own', async () => {
    const { host, from, to } = await couple()
    await from.says(juliet, 'hi', " id='m1'")
    const message = (children = '') =>
      `<message to='${juliet}' type='chat' id='m1' from='${romeo}'><body>hi</body>${children}</message>`
    expect(await host.archived('romeo@example.com')).toEqual([message()])
    expect(await host.archived(juliet)).toEqual([message()])
    // Its addressee sees the id in its own archive, and nothing of the sender's.
    expect(to.heard()).toEqual([
      `<message from='${romeo}' id='m1' to='${juliet}' type='chat'><body>hi</body>${stanzaId(juliet, 'a2')}</message>`,
    ])
    const page = await host.store.page(parseJid(juliet).bare, { limit: 1 })
    expect(page).toMatchObject({ messages: [{ id: 'a2', at: host.clock.now() }] })
  })

  test('MAM-1: nothing is delivered before it is durable, and other senders do not wait', async () => {
    const waiting: (() => void)[] = []
    const { host, from, to } = await couple({
      store: (store) => ({
        ...store,
        async appendBoth(sender, addressee) {
          if (sender.message.stanza.includes('slow')) await new Promise<void>((go) => waiting.push(go))
          await store.appendBoth(sender, addressee)
        },
      }),
    })
    const sending = from.says(juliet, 'slow')
    await settled()
    expect(to.heard()).toEqual([])
    const nurse = await host.connect('nurse@example.com/house')
    await nurse.says(juliet, 'quick')
    expect(to.heard().join()).toContain('quick')
    waiting.shift()?.()
    await sending
    expect(to.heard().join()).toContain('slow')
  })

  test('MAM-1: all resources see the same id, and the message is archived once', async () => {
    const { host, from, to } = await couple()
    const phone = await host.connect(`${juliet}/phone`)
    await phone.available()
    await from.says(juliet, 'hi')
    const [one, other] = [to.heard(), phone.heard()]
    expect(one[0]).toContain(stanzaId(juliet, 'a2'))
    expect(other).toEqual(one)
    expect(await host.archived(juliet)).toHaveLength(1)
  })

  test('MAM-1: carbons can tell the id in the sender’s archive', async () => {
    const { host, from } = await couple()
    const seen: unknown[] = []
    host.hooks.on(receivePacket, (stanza) => {
      seen.push(stanza.meta(archivedAs))
      return stanza
    })
    await from.says(juliet, 'hi')
    expect(seen).toEqual([{ by: parseJid(romeo).bare, id: 'a1' }])
  })

  test('MAM-1: what one writes to oneself is archived once', async () => {
    const { host, from } = await couple()
    await from.available()
    await from.says('romeo@example.com', 'note')
    expect(await host.archived('romeo@example.com')).toHaveLength(1)
    expect(from.heard()[0]).toContain(stanzaId('romeo@example.com', 'a1'))
  })

  test('SID-1 SEC-19: ids in the name of our archives are taken out; others, and those of origin, stay', async () => {
    const { host, from, to } = await couple()
    const forged =
      stanzaId(juliet, 'forged') +
      stanzaId('JULIET@example.com', 'forged') +
      stanzaId('romeo@example.com', 'forged')
    const kept = `${stanzaId('room@example.net', 'theirs')}<origin-id xmlns='urn:xmpp:sid:0' id='o1'/>`
    await from.says(juliet, 'hi', '', forged + kept)
    const [heard] = to.heard()
    expect(heard).not.toContain('forged')
    expect(heard).toContain(`${kept}${stanzaId(juliet, 'a2')}`)
    // Where nothing is archived they are forged all the same.
    await from.send(
      `<message to='${juliet}'>${forged}<composing xmlns='http://jabber.org/protocol/chatstates'/></message>`,
    )
    expect(to.heard()[0]).not.toContain('forged')
    expect(await host.archived(juliet)).toHaveLength(1)
  })
})

// Where offline storage lets messages queue behind stored ones.
const offlineQueue = 90

describe('both copies are written in one go', () => {
  /** A store that tells what it was asked to append. */
  const watched = (calls: string[]) => ({
    store: (store: ReturnType<typeof fakeHost>['store']) => ({
      ...store,
      append: async (...[account, messages]: Parameters<typeof store.append>) => {
        calls.push(account.toString())
        await store.append(account, messages)
      },
      appendBoth: async (...both: Parameters<typeof store.appendBoth>) => {
        calls.push(both.map(({ account }) => account.toString()).join(' and '))
        await store.appendBoth(...both)
      },
    }),
  })

  test('where somebody gets the message, and where nobody is there', async () => {
    const calls: string[] = []
    const { host, from, to } = await couple(watched(calls))
    await from.says(juliet, 'hi')
    expect(to.heard()).toHaveLength(1)
    await from.says('nurse@example.com', 'hi')
    expect(calls).toEqual([`romeo@example.com and ${juliet}`, 'romeo@example.com and nurse@example.com'])
    expect(await host.archived('nurse@example.com')).toHaveLength(1)
  })

  test('that of the sender alone, where its addressee is elsewhere, refuses it, drops it or archives nothing', async () => {
    const calls: string[] = []
    const { host, from, to } = await couple(watched(calls))
    await from.says('nurse@example.net', 'elsewhere')
    expect(host.answers()).toHaveLength(1)
    host.hooks.on(receivePacket, (stanza) => {
      const said = stanza.raw.childText('body', 'jabber:client')
      if (said === 'refused') throw new StanzaError('not-acceptable')
      return said === 'dropped' ? drop : stanza
    })
    for (const said of ['refused', 'dropped']) await from.says(juliet, said)
    host.hooks.on(storeMamMessage, (stanza, { direction }) => (direction === 'sent' ? stanza : drop))
    await from.says(juliet, 'not archived')
    expect(to.heard().join()).toContain('not archived')
    expect(calls).toEqual(Array.from({ length: 4 }, () => 'romeo@example.com'))
    expect(await host.archived(juliet)).toEqual([])
  })

  test('M-7: what somebody is there to get is stored before it is decided whether it has to queue', async () => {
    const { host, from } = await couple()
    const found: unknown[] = []
    host.hooks.on(
      receivePacket,
      async (stanza) => {
        found.push((await host.archived(juliet)).length, (await host.archived('romeo@example.com')).length)
        return stanza
      },
      { seq: offlineQueue },
    )
    await from.says(juliet, 'hi')
    expect(found).toEqual([1, 1])
  })

  test('MAM-1: whoever is woken up finds it', async () => {
    const host = fakeHost()
    const from = await host.connect(romeo)
    const found: number[] = []
    const look = async (value: OfflineMessageValue) => {
      found.push((await host.archived(juliet)).length)
      return value
    }
    host.hooks.on(offlineMessage, look, { seq: offlineSeq.push })
    await from.says(juliet, 'hi')
    expect(found).toEqual([1])
  })
})

describe('who is away', () => {
  test('what offline storage gets is archived already, under the id it will show', async () => {
    const host = fakeHost()
    const stored: string[] = []
    host.hooks.on(
      offlineMessage,
      ({ stanza }) => {
        stored.push(stanza.raw.child('stanza-id', 'urn:xmpp:sid:0')?.attr('id') ?? '')
        return { action: 'stored', stanza }
      },
      { seq: offlineSeq.store },
    )
    await host.arrives(
      `<message from='romeo@example.net/x' to='${juliet}' type='chat'><body>1</body></message>`,
    )
    expect(stored).toEqual(['a1'])
    expect(await host.archived(juliet)).toHaveLength(1)
    // Somebody is there, but takes no messages: it is archived once nevertheless.
    const shy = await host.connect(`${juliet}/shy`)
    await shy.available(-1)
    await host.arrives(
      `<message from='romeo@example.net/x' to='${juliet}' type='chat'><body>2</body></message>`,
    )
    expect(stored).toEqual(['a1', 'a2'])
    expect(await host.archived(juliet)).toHaveLength(2)
  })

  test('X-CONS: what is archived is never answered with an error', async () => {
    const host = fakeHost()
    await host.arrives(
      `<message from='romeo@example.net/x' to='${juliet}' type='chat'><body>1</body></message>`,
    )
    expect(await host.archived(juliet)).toHaveLength(1)
    expect(host.answers()).toEqual([])
    const picky = await host.connect(`${juliet}/picky`, {
      refuses: (stanza) => stanza.has('body', 'jabber:client'),
    })
    await picky.available()
    await host.arrives(
      `<message from='romeo@example.net/x' to='${juliet}' type='chat'><body>2</body></message>`,
    )
    expect(await host.archived(juliet)).toHaveLength(2)
    expect(host.answers()).toEqual([])
  })

  test('X-CONS: what is refused is not archived', async () => {
    const host = fakeHost()
    host.hooks.on(
      receivePacket,
      (stanza) => {
        if (stanza.from?.domain === 'spam.example') throw new StanzaError('not-acceptable')
        return stanza
      },
      { seq: 25 },
    )
    const balcony = await host.connect(`${juliet}/balcony`)
    await balcony.available()
    // Refused by policy; for a resource that is gone; of a type nobody takes.
    await host.arrives(`<message from='x@spam.example/x' to='${juliet}' type='chat'><body>1</body></message>`)
    await host.arrives(`<message from='romeo@example.net/x' to='${juliet}/gone'><body>2</body></message>`)
    await host.arrives(
      `<message from='romeo@example.net/x' to='${juliet}' type='groupchat'><body>3</body></message>`,
    )
    expect(host.answers()).toHaveLength(3)
    expect(await host.archived(juliet)).toEqual([])
  })

  test('L-6: strangers cannot fill archives of accounts that do not exist', async () => {
    const host = fakeHost({ exists: false })
    await host.arrives(
      `<message from='romeo@example.net/x' to='nobody@example.com' type='chat'><body>1</body></message>`,
    )
    expect(await host.archived('nobody@example.com')).toEqual([])
    expect(host.answers()[0]).toContain('service-unavailable')
  })
})

describe('what goes wrong', () => {
  const broken = (when: (account: string) => boolean) => ({
    store: (store: ReturnType<typeof fakeHost>['store']) => ({
      ...store,
      append: async (...[account, messages]: Parameters<typeof store.append>) => {
        if (when(account.toString())) throw new Error('disk full')
        await store.append(account, messages)
      },
      appendBoth: async (...both: Parameters<typeof store.appendBoth>) => {
        if (both.some(({ account }) => when(account.toString()))) throw new Error('disk full')
        await store.appendBoth(...both)
      },
    }),
  })

  test('X-CONS: what could not be archived is not delivered, and its sender is told', async () => {
    const { host, from, to } = await couple(broken((account) => account === juliet))
    await from.says(juliet, 'hi')
    expect(to.heard()).toEqual([])
    expect(from.heard()[0]).toContain('internal-server-error')
    expect(host.logged).toHaveLength(1)
    expect(await host.archived('romeo@example.com')).toEqual([])
  })

  test('X-CONS: a sender whose archive fails gets an error, and nothing is sent or archived', async () => {
    const { host, from, to } = await couple(broken((account) => account !== juliet))
    await from.says(juliet, 'hi')
    expect(from.heard()[0]).toContain('internal-server-error')
    expect(to.heard()).toEqual([])
    expect(await host.archived(juliet)).toEqual([])
    // For others, it is known before the message leaves.
    await expect(from.says('nurse@example.net', 'hi')).rejects.toThrow('disk full')
    expect(host.answers()).toEqual([])
  })

  test('X-CONS: what cannot be archived for somebody who is away is answered with an error', async () => {
    const host = fakeHost(broken((account) => account === juliet))
    const from = await host.connect(romeo)
    const woken: string[] = []
    host.hooks.on(
      offlineMessage,
      (value) => {
        woken.push(value.action)
        return value
      },
      { seq: offlineSeq.push },
    )
    await from.says(juliet, 'hi')
    expect(from.heard()[0]).toContain('internal-server-error')
    expect(woken).toEqual([])
    expect(await host.archived('romeo@example.com')).toEqual([])
  })

  test('a message to a removed account is not archived for the next of that name', async () => {
    let release = () => {}
    const { host, from, to } = await couple({
      store: (store) => ({
        ...store,
        async remove(account, options) {
          await new Promise<void>((go) => {
            release = go
          })
          return store.remove(account, options)
        },
      }),
    })
    await from.says(juliet, 'before')
    const removing = host.remove(juliet)
    await settled()
    await from.says(juliet, 'meanwhile')
    expect(to.heard()).toHaveLength(2)
    release()
    await removing
    // As long as a session is left, it is still the old account.
    await from.says(juliet, 'still')
    expect(await host.archived(juliet)).toEqual([])
    await to.leave()
    const next = await host.connect(`${juliet}/new`)
    await next.available()
    await from.says(juliet, 'after')
    expect(await host.archived(juliet)).toHaveLength(1)
    expect(await host.archived('romeo@example.com')).toHaveLength(4)
  })
})

describe('hooks', () => {
  test('a handler can keep a message out of the archive, or change what is stored', async () => {
    const { host, from, to } = await couple()
    host.hooks.on(storeMamMessage, (stanza, { account, direction, peer }) => {
      if (stanza.text('body') === 'off the record') return drop
      if (stanza.text('body') === 'oops') throw new Error('no')
      return direction === 'sent' && account.local === 'romeo' && peer.equals(parseJid(juliet))
        ? stanza.without('body', 'jabber:client')
        : stanza
    })
    for (const body of ['off the record', 'oops', 'hi']) await from.says(juliet, body)
    expect(to.heard()).toHaveLength(3)
    expect(await host.archived('romeo@example.com')).toEqual([
      `<message to='${juliet}' type='chat' from='${romeo}'/>`,
    ])
    expect(await host.archived(juliet)).toHaveLength(1)
    expect(host.logged).toHaveLength(2)
  })

  test('it is told what was archived, and where', async () => {
    const { host, from } = await couple()
    const told: string[] = []
    host.hooks.on(messageArchived, ({ account, peer, direction, id, stanza }) => {
      told.push(`${account} ${direction} ${peer} ${id} ${stanza.text('body')}`)
    })
    await from.says(juliet, 'hi')
    expect(told).toEqual([`romeo@example.com sent ${juliet} a1 hi`, `${juliet} received ${romeo} a2 hi`])
  })
})

test('it says what it can, and ends without a trace', async () => {
  const { host } = await couple()
  const about = { from: parseJid(`${juliet}/balcony`), to: parseJid(juliet) }
  const info = (target: 'account' | 'server' = 'account') => host.disco.info({ target, ...about })
  expect((await info()).features).toEqual(
    expect.arrayContaining([
      'urn:xmpp:mam:2',
      'urn:xmpp:mam:2#extended',
      'urn:xmpp:mam:2#groupchat-field',
      'urn:xmpp:sid:0',
      'urn:xmpp:message-retract:1',
      'urn:xmpp:message-retract:1#tombstone',
      'urn:xmpp:fulltext:0',
    ]),
  )
  // Some clients ask the server and not their account, whether they have an archive.
  expect((await info('server')).features).toContain('urn:xmpp:mam:2')
  await host.archive.close()
  for (const target of ['account', 'server'] as const)
    expect((await info(target)).features.join()).not.toContain('mam')
  expect([host.hooks.has(receivePacket), host.hooks.has(offlineMessage), host.clock.timers]).toEqual([
    false,
    false,
    0,
  ])
})
