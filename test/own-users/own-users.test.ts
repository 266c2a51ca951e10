import { scryptSync, timingSafeEqual } from 'node:crypto'
import { client, xml } from '@xmpp/client'
import { createServer, type Server, type ServerOptions } from '@xmppkit/server'
import { createCertificates, createDevelopmentCertificate } from '@xmppkit/tcp'
import { createPipe, createWireClient, type WireClient } from '@xmppkit/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { heedEarlyOpen } from '../interop/heed-early-open.js'

const domain = 'app.test'

/** The user table of an app: passwords hashed its way, and a database that is up, down or silent. */
function userTable(...names: readonly string[]) {
  const hashOf = (password: string) => scryptSync(password, 'salt', 32, { N: 1024 })
  const rows = new Map(names.map((name) => [name, hashOf(`${name}'s`)]))
  const table = {
    mood: 'up' as 'up' | 'down' | 'silent',
    rows,
    async find(name: string): Promise<Buffer | undefined> {
      if (table.mood === 'down') throw new Error('the database of the app is down')
      if (table.mood === 'silent') await new Promise(() => {})
      return rows.get(name)
    },
    async check(name: string, password: string): Promise<boolean> {
      const hash = await table.find(name)
      const given = hashOf(password)
      // The same work for a name nobody has.
      return timingSafeEqual(hash ?? given.map((byte) => byte ^ 1), given)
    },
  }
  return table
}

async function scene(options: Partial<ServerOptions> = {}) {
  const table = userTable('juliet', 'romeo', 'nurse')
  const server = await createServer({
    domains: [domain],
    sasl: { credentialTimeoutMs: 200 },
    accounts: { existsTimeoutMs: 200, existsCacheMs: 0 },
    users: {
      passwords: { verifyPassword: ({ local }, password) => table.check(local, password) },
      exists: async ({ local }) => (await table.find(local)) !== undefined,
    },
    ...options,
  })
  return { table, server, [Symbol.asyncDispose]: () => server.close() }
}

async function login(server: Server, username: string, password = `${username}'s`): Promise<WireClient> {
  const { client: end, server: other } = createPipe()
  other.attach(server.accept(other))
  const connected = createWireClient({ transport: end }, { domain })
  await connected.login({ username, password, resource: 'r' })
  return connected
}

// @xmpp/client takes no certificate authority.
beforeAll(() => void vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0'))
afterAll(() => void vi.unstubAllEnvs())

describe('E-3: users stay in the table of the app', () => {
  test('a real client logs in with its password there, over TLS', async () => {
    const pair = await createDevelopmentCertificate({ domains: [domain], now: Date.now() })
    await using one = await scene({
      certificates: await createCertificates({ load: async () => [pair] }),
      listeners: [{ host: '127.0.0.1', port: 0, tls: 'direct' }],
    })
    const connect = async (password: string) => {
      const port = one.server.listeners[0]?.port
      const xmpp = client({
        service: `xmpps://127.0.0.1:${port}`,
        domain,
        username: 'juliet',
        password,
        resource: 'web',
      })
      xmpp.on('error', () => {})
      heedEarlyOpen(xmpp)
      await xmpp.start()
      return xmpp
    }
    const xmpp = await connect("juliet's")
    await xmpp.send(xml('presence'))
    await xmpp.iqCaller.request(xml('iq', { type: 'get', to: domain }, xml('ping', 'urn:xmpp:ping')))
    expect(await one.server.commands.call('connected_users', {})).toHaveLength(1)
    await xmpp.stop()
    await expect(connect('wrong')).rejects.toMatchObject({ condition: 'not-authorized' })
  })

  test('A-5: a name nobody has is answered like a wrong password', async () => {
    await using one = await scene()
    const failures: string[] = []
    for (const [name, password] of [
      ['juliet', 'wrong'],
      ['nobody', 'x'],
    ] as const) {
      await login(one.server, name, password).catch((error: Error) =>
        failures.push(error.message.replace(name, '?')),
      )
    }
    expect(failures[0]).toContain('not-authorized')
    expect(failures[1]).toBe(failures[0])
  })

  test('nothing about them can be changed here; one who leaves there leaves nothing here', async () => {
    await using one = await scene()
    const account = `juliet@${domain}`
    await expect(one.server.commands.call('register', { account, password: 'x' })).rejects.toThrow()
    await one.server.as(`romeo@${domain}`).send({ to: account, body: 'hi' })
    expect(await one.server.commands.call('get_offline_count', { account })).toBe(1)
    const juliet = await login(one.server, 'juliet')
    one.table.rows.delete('juliet')
    await one.server.userRemoved(account)
    await juliet.ended
    expect(await one.server.commands.call('get_offline_count', { account })).toBe(0)
    await expect(login(one.server, 'juliet')).rejects.toThrow('not-authorized')
    await expect(one.server.userRemoved('a@away.example')).rejects.toMatchObject({ code: 'server/no-host' })
  })
})

describe.each(['down', 'silent'] as const)('E-3: while the database of the app is %s', (mood) => {
  test('nobody is told that a password is wrong, nobody loses a session, and it passes', async () => {
    await using one = await scene()
    const juliet = await login(one.server, 'juliet')
    const romeo = await login(one.server, 'romeo')
    for (const one of [juliet, romeo]) one.send('<presence/>')
    await juliet.settle()
    // Known to be there, and away.
    await one.server.as(`romeo@${domain}`).send({ to: `nurse@${domain}`, body: 'before' })
    await juliet.forget()
    await romeo.forget()

    one.table.mood = mood
    await expect(login(one.server, 'nurse')).rejects.toThrow('temporary-auth-failure')
    await expect(login(one.server, 'nurse', 'wrong')).rejects.toThrow('temporary-auth-failure')
    romeo.send(`<message to='juliet@${domain}' type='chat'><body>still here?</body></message>`)
    await juliet.find("<message type='chat'><body>still here?</body></message>")
    romeo.send(`<message to='nurse@${domain}' type='chat' id='n'><body>later</body></message>`)
    await romeo.expectNothing()
    expect(await one.server.commands.call('get_offline_count', { account: `nurse@${domain}` })).toBe(2)
    // Somebody of whom nothing was ever heard: try again.
    romeo.send(`<message to='stranger@${domain}' type='chat' id='s'><body>who?</body></message>`)
    await romeo.find(
      "<message type='error' id='s'><error type='wait'><internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
    )

    one.table.mood = 'up'
    const nurse = await login(one.server, 'nurse')
    nurse.send('<presence/>')
    await nurse.find('<message><body>later</body></message>')
    for (const one of [juliet, romeo, nurse]) await one.close()
  })
})
