import { userSendPacket, userSendSeq } from '@xmppkit/c2s'
import { parseJid } from '@xmppkit/jid'
import { presence, StanzaError } from '@xmppkit/stanza'
import { describe, expect, test } from 'vitest'
import { type FakeHost, fakeHost, read, settled } from './fake-host.js'
import { reviewSeq } from './message-middleware.js'

const romeo = 'romeo@example.org/orchard'
const juliet = 'juliet@example.org'

/** Sends as romeo and tells what became of it. */
async function says(host: FakeHost, body: string, more: object = {}): Promise<string> {
  const outcome = await host.inProcess.as(romeo).send({ to: juliet, body, id: 'm', ...more })
  return outcome.status === 'rejected'
    ? `${outcome.error.condition}: ${outcome.error.text ?? ''}`
    : outcome.status
}

describe('E-11: a message can be let pass, changed or refused', () => {
  test('by code that answers at once, or later', async () => {
    const host = fakeHost()
    const client = await host.connect(`${juliet}/balcony`)
    host.inProcess.onMessage(() => undefined)
    using review = host.inProcess.onMessage(async (message) => {
      await settled()
      if (message.body === 'buy') return message.reject('No spam, please.', 'not-acceptable')
      return message.body?.includes('damn')
        ? message.withBody(message.body.replaceAll('damn', '****'))
        : undefined
    })
    expect(review).toBeDefined()
    expect(await says(host, 'hello')).toBe('delivered')
    expect(await says(host, 'damn it')).toBe('delivered')
    expect(await says(host, 'buy')).toBe('not-acceptable: No spam, please.')
    expect(client.heard()).toEqual([
      `<message from='${romeo}' id='m' to='${juliet}' type='chat'><body>hello</body></message>`,
      `<message from='${romeo}' id='m' to='${juliet}' type='chat'><body>**** it</body></message>`,
    ])
  })

  test('refused with its own StanzaError, thrown or returned', async () => {
    const host = fakeHost()
    host.inProcess.onMessage(({ body }) => {
      if (body === 'a') throw new StanzaError('forbidden', { text: 'thrown' })
      return new StanzaError('conflict', { text: 'returned' })
    })
    expect(await says(host, 'a')).toBe('forbidden: thrown')
    expect(await says(host, 'b')).toBe('conflict: returned')
    expect(host.logged).toEqual([])
  })

  test('a formatted text does not tell what a changed one hides', async () => {
    const host = fakeHost()
    const client = await host.connect(`${juliet}/balcony`)
    host.inProcess.onMessage((message) => message.withBody('****'))
    await host.inProcess
      .as(romeo)
      .send(
        read(
          `<message to='${juliet}' id='m'><body>damn</body><body xml:lang='de'>mist</body><html xmlns='http://jabber.org/protocol/xhtml-im'>damn</html><active xmlns='urn:x'/></message>`,
        ),
      )
    expect(client.heard()).toEqual([
      `<message from='${romeo}' id='m' to='${juliet}'><active xmlns='urn:x'/><body>****</body></message>`,
    ])
  })

  test('between privacy and archive, in the documented place', async () => {
    const host = fakeHost()
    const order: string[] = []
    for (const seq of [userSendSeq.privacy, userSendSeq.archive]) {
      host.hooks.on(
        userSendPacket,
        (stanza) => {
          order.push(String(seq))
          return stanza
        },
        { seq },
      )
    }
    host.inProcess.onMessage(() => void order.push('review'))
    await says(host, 'x')
    expect(order).toEqual(['50', 'review', '88'])
    expect(reviewSeq).toBe(70)
  })

  test('nobody speaks in the name of another, and errors and presence are not shown', async () => {
    const host = fakeHost()
    const client = await host.connect(`${juliet}/balcony`)
    let asked = 0
    host.inProcess.onMessage(({ stanza }) => {
      asked += 1
      return stanza.with({ from: parseJid('mercutio@example.org') })
    })
    await says(host, 'x')
    expect(client.heard()[0]).toContain(`from='${romeo}'`)
    await host.inProcess.as(romeo).send({ to: 'a@away.example', type: 'error' })
    await host.inProcess.as(romeo).send(presence({ to: juliet, type: 'subscribe' }))
    expect(asked).toBe(1)
  })
})

describe('M-4: it fails closed, and nothing else notices', () => {
  test('what throws is logged; the sender hears internal-server-error without its text', async () => {
    const host = fakeHost()
    const cause = new Error('secret detail')
    host.inProcess.onMessage(
      ({ body }) => {
        if (body === 'now') throw cause
        return body === 'later' ? Promise.reject(cause) : undefined
      },
      { label: 'moderation' },
    )
    await host.connect(`${juliet}/balcony`)
    expect(await says(host, 'now')).toBe('internal-server-error: ')
    expect(await says(host, 'later')).toBe('internal-server-error: ')
    expect(await says(host, 'fine')).toBe('delivered')
    expect(host.logged.map(([, fields]) => [fields?.label, fields?.cause])).toEqual([
      ['moderation', cause],
      ['moderation', cause],
    ])
    expect(JSON.stringify(host.logged)).not.toContain('later')
  })

  test('what takes too long counts as refused, and is told that it is over', async () => {
    const host = fakeHost()
    let signal: AbortSignal | undefined
    host.inProcess.onMessage(
      (message) => {
        ;({ signal } = message)
        return new Promise(() => {})
      },
      { timeoutMs: 1000 },
    )
    const outcome = says(host, 'x')
    await settled()
    await host.clock.advance(999)
    expect(signal?.aborted).toBe(false)
    await host.clock.advance(1)
    expect(await outcome).toBe('internal-server-error: ')
    expect(signal?.aborted).toBe(true)
    expect(host.clock.timers).toBe(0)
  })

  test('L-1: what hangs keeps its place, so that it cannot pile up', async () => {
    const host = fakeHost({ maxReviews: 2, reviewTimeoutMs: 10 })
    host.inProcess.onMessage(() => new Promise(() => {}))
    const both = [says(host, 'a', { to: 'a@example.org' }), says(host, 'b', { to: 'b@example.org' })]
    await settled()
    await host.clock.advance(10)
    expect(await Promise.all(both)).toEqual(['internal-server-error: ', 'internal-server-error: '])
    expect(await says(host, 'c')).toBe('resource-constraint: too many messages are being looked at')
  })

  test('a verdict that is none refuses', async () => {
    const host = fakeHost()
    host.inProcess.onMessage((() => true) as never)
    expect(await says(host, 'x')).toBe('internal-server-error: ')
  })

  test('a reviewer that is taken away, and all when it ends', async () => {
    const host = fakeHost()
    await host.connect(`${juliet}/balcony`)
    const one = host.inProcess.onMessage((message) => message.reject('one'))
    host.inProcess.onMessage((message) => message.reject('two'))
    expect(await says(host, 'x')).toBe('policy-violation: one')
    one[Symbol.dispose]()
    one[Symbol.dispose]()
    expect(await says(host, 'x')).toBe('policy-violation: two')
    await host.inProcess.close()
    expect(host.hooks.has(userSendPacket)).toBe(false)
  })
})
