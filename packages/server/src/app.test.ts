import { IqService } from '@xmppkit/iq/module'
import { parseJid } from '@xmppkit/jid'
import { attr, defineIq, element, int } from '@xmppkit/stanza'
import { describe, expect, test } from 'vitest'
import { createServer, type Server } from './server.js'

const roll = defineIq({
  type: 'get',
  request: element('roll', 'urn:example:dice', { sides: attr('sides', int) }),
  result: element('rolled', 'urn:example:dice', { value: attr('value', int) }),
})
const cheap = { hashes: ['SHA-1'], iterations: 4096 } as const

const start = (): Promise<Server> =>
  createServer({
    domains: ['one.test'],
    accounts: cheap,
    hosts: [{ name: 'second', domains: ['two.test'], accounts: cheap }],
  })

describe('an app on a server of several hosts', () => {
  test('E-12: answers requests on all of them, or on none', async () => {
    await using server = await start()
    const answer = server.handleIq(roll, 'server', ({ payload }) => ({ value: payload.sides }))
    const asks = async (domain: string) => {
      const bot = await server.bot(`bot@${domain}/b`, {})
      try {
        return await bot.request(roll, parseJid(domain), { sides: 6 })
      } finally {
        await bot.close()
      }
    }
    expect([await asks('one.test'), await asks('two.test')]).toEqual([{ value: 6 }, { value: 6 }])
    answer[Symbol.dispose]()
    await expect(asks('one.test')).rejects.toMatchObject({ condition: 'service-unavailable' })

    // The second host has a handler of its own already.
    server
      .host('second')
      .get(IqService)
      .handle(roll, 'server', () => ({ value: 1 }))
    expect(() => server.handleIq(roll, 'server', () => ({ value: 2 }))).toThrow('handler')
    await expect(asks('one.test')).rejects.toMatchObject({ condition: 'service-unavailable' })
    expect(await asks('two.test')).toEqual({ value: 1 })
  })

  test('E-11: reviews what users of all of them say', async () => {
    await using server = await start()
    const senders = ['a@one.test', 'b@two.test']
    for (const account of senders) await server.commands.call('register', { account, password: 'x' })
    const review = server.onMessage((message) => message.reject('quiet'))
    const statuses = () =>
      Promise.all(
        senders.map(async (sender) => (await server.as(sender).send({ to: 'a@one.test', body: 'x' })).status),
      )
    expect(await statuses()).toEqual(['rejected', 'rejected'])
    review[Symbol.dispose]()
    expect(await statuses()).toEqual(['stored', 'stored'])
  })

  test('M-4: what is sent to another host says what became of it, too', async () => {
    await using server = await start()
    await server.commands.call('register', { account: 'a@one.test', password: 'x' })
    await server.commands.call('register', { account: 'b@two.test', password: 'x' })
    const send = async (to: string) => {
      const outcome = await server.as('a@one.test').send({ to, body: 'x' })
      return outcome.status === 'rejected' ? outcome.error.condition : outcome.status
    }
    expect(await send('b@two.test')).toBe('stored')
    await using bot = await server.bot('c@two.test', { onMessage() {} })
    expect(await send('c@two.test')).toBe('delivered')
    await bot.close()
    expect(await send('c@two.test')).toBe('service-unavailable')
    expect(await send('a@three.test')).toBe('remote-server-not-found')
  })

  test('is told where there is no host, and its bots leave with the server', async () => {
    const server = await start()
    expect(() => server.as('a@three.test')).toThrow('not served')
    await expect(server.bot('a@three.test', {})).rejects.toMatchObject({ code: 'server/no-host' })
    await expect(server.userRemoved('a@one.test')).rejects.toMatchObject({ code: 'auth/read-only' })
    const bot = await server.bot('bot@one.test', {})
    await server.removeDomain('one.test')
    expect(await bot.ended).toContain('system-shutdown')
    const other = await server.bot('bot@two.test', {})
    await server.close()
    await other.ended
  })
})
