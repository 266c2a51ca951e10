import { userSendPacket } from '@xmppkit/c2s'
import { drop } from '@xmppkit/hooks'
import { offlineMessage, receivePacket } from '@xmppkit/sessions'
import { iq, presence, StanzaError } from '@xmppkit/stanza'
import { describe, expect, test } from 'vitest'
import { fakeHost, settled } from './fake-host.js'

const shop = 'shop@example.org'
const juliet = 'juliet@example.org'

describe('E-6: what becomes of a message is told', () => {
  test('a session took it, from the bare address of the account', async () => {
    const host = fakeHost()
    const client = await host.connect(`${juliet}/balcony`)
    const outcome = await host.inProcess.as(shop).send({ to: juliet, body: 'Shipped.' })
    expect(outcome).toEqual({ status: 'delivered', id: expect.stringMatching(/^id/) })
    expect(client.heard()).toEqual([
      `<message from='${shop}' id='${outcome.id}' to='${juliet}' type='chat'><body>Shipped.</body></message>`,
    ])
  })

  test('it waits, or nobody wants it', async () => {
    const host = fakeHost()
    const send = (type: 'chat' | 'headline') => host.inProcess.as(shop).send({ to: juliet, type, id: type })
    expect(await send('headline')).toEqual({ status: 'discarded', id: 'headline' })
    host.hooks.on(offlineMessage, (value) => ({ ...value, action: 'stored' }))
    expect(await send('chat')).toEqual({ status: 'stored', id: 'chat' })
  })

  test('it is refused: by the sender’s side, by the addressee’s, or because there is nobody', async () => {
    const host = fakeHost()
    const send = async (to: string) => {
      const outcome = await host.inProcess.as(shop).send({ to, body: 'x' })
      return outcome.status === 'rejected' ? outcome.error.condition : outcome.status
    }
    expect(await send('nobody@example.org')).toBe('service-unavailable')
    const receiving = host.hooks.on(
      receivePacket,
      () => {
        throw new StanzaError('not-allowed')
      },
      { seq: 60 },
    )
    expect(await send(juliet)).toBe('not-allowed')
    receiving[Symbol.dispose]()
    host.hooks.on(userSendPacket, () => {
      throw new StanzaError('policy-violation')
    })
    expect(await send(juliet)).toBe('policy-violation')
  })

  test('somebody else has it, or a feature has dealt with it', async () => {
    const host = fakeHost()
    expect(await host.inProcess.as(shop).send({ to: 'a@away.example', id: 'm' })).toEqual({
      status: 'routed',
      id: 'm',
    })
    expect(host.away()).toHaveLength(1)
    host.hooks.on(userSendPacket, () => drop)
    const asked = await host.inProcess.as(shop).send(presence({ to: `${juliet}/x`, type: 'subscribe' }))
    expect(asked.status).toBe('handled')
  })

  test('errors for others, and late ones, go their usual way', async () => {
    const host = fakeHost()
    const seen: string[] = []
    host.hooks.on(receivePacket, (stanza) => {
      if (stanza.type === 'error') seen.push(stanza.id ?? '')
      return stanza
    })
    await host.inProcess.as(shop).send({ to: 'a@away.example', id: 'm' })
    await host.arrives(`<message from='a@away.example' to='${shop}' type='error' id='m'/>`)
    expect(seen).toEqual(['m'])
  })
})

describe('in whose name, and what', () => {
  test('only accounts of the host', async () => {
    const host = fakeHost()
    for (const address of ['nobody@example.org', 'example.org', 'a@away.example']) {
      await expect(host.inProcess.as(address).send({ to: juliet })).rejects.toMatchObject({
        code: 'in-process/unknown-account',
      })
    }
    expect(() => host.inProcess.as('@@')).toThrow()
  })

  test('only messages and subscriptions with an addressee', async () => {
    const host = fakeHost()
    const sender = host.inProcess.as(shop)
    for (const stanza of [presence(), presence({ to: juliet }), iq({ type: 'get', id: '1', to: juliet })]) {
      await expect(sender.send(stanza)).rejects.toMatchObject({ code: 'in-process/unsendable' })
    }
  })

  test('M-7: in order for each addressee, though what they pass takes its time', async () => {
    const host = fakeHost()
    const client = await host.connect(`${juliet}/balcony`)
    let first = true
    host.hooks.on(userSendPacket, async (stanza) => {
      if (first) {
        first = false
        await settled()
      }
      return stanza
    })
    const sender = host.inProcess.as(shop)
    await Promise.all(['1', '2', '3'].map((id) => sender.send({ to: juliet, id })))
    expect(client.heard().map((xml) => /id='(.)'/.exec(xml)?.[1])).toEqual(['1', '2', '3'])
  })

  test('L-1: so many at a time', async () => {
    const host = fakeHost({ maxSending: 1 })
    host.hooks.on(userSendPacket, () => new Promise(() => {}))
    void host.inProcess.as(shop).send({ to: juliet })
    await settled()
    await expect(host.inProcess.as(shop).send({ to: juliet })).rejects.toMatchObject({
      code: 'in-process/limit',
    })
  })
})
