import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { makeJid } from '@xmppkit/jid'
import { systemClock } from '@xmppkit/runtime'
import { afterEach, describe, expect, test } from 'vitest'
import { createLdapAccounts } from './ldap-accounts.js'
import type { LdapOptions } from './ldap-options.js'

const juliet = makeJid({ local: 'juliet', domain: 'example.org' }).bare
const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** Something that is no directory; answers with its port and what it has read. */
async function listen(onConnection: (socket: Socket) => void) {
  const seen: Buffer[] = []
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (chunk) => seen.push(chunk))
    onConnection(socket)
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return { port, seen: () => Buffer.concat(seen).toString('latin1') }
}

const accounts = (port: number, options: Partial<LdapOptions> = {}) =>
  createLdapAccounts(
    { clock: systemClock },
    {
      url: `ldap://127.0.0.1:${port}`,
      startTls: false,
      base: 'ou=people,dc=example',
      timeoutMs: 50,
      ...options,
    },
  )

describe('A-3: a directory that cannot answer is no wrong password', () => {
  test.each<[string, (socket: Socket) => void]>([
    ['is silent', () => {}],
    ['hangs up', (socket) => void socket.destroy()],
    ['says something else', (socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['hangs up when it is asked', (socket) => void socket.once('data', () => socket.destroy())],
  ])('one that %s', async (_what, behave) => {
    const { port } = await listen(behave)
    await using ldap = accounts(port)
    await expect(ldap.passwords.verifyPassword(juliet, 'r0m30')).rejects.toMatchObject({
      code: 'ldap/unavailable',
    })
    await expect(ldap.exists?.(juliet)).rejects.toMatchObject({ code: 'ldap/unavailable' })
  })

  test('one that is not there', async () => {
    const { port } = await listen(() => {})
    servers.splice(0).map((server) => server.close())
    await using ldap = accounts(port)
    await expect(ldap.passwords.verifyPassword(juliet, 'r0m30')).rejects.toMatchObject({
      code: 'ldap/unavailable',
    })
  })

  test('SEC-7: nor is one that does not upgrade to TLS asked anything in clear', async () => {
    const refusal = Buffer.from('300c02010278070a0102' + '0400' + '0400', 'hex')
    const { port, seen } = await listen((socket) => void socket.once('data', () => socket.write(refusal)))
    await using ldap = accounts(port, {
      startTls: true,
      timeoutMs: 60_000,
      bindDn: 'cn=xmpp,dc=example',
      bindPassword: 's3cret',
    })
    await expect(ldap.passwords.verifyPassword(juliet, 'r0m30')).rejects.toMatchObject({
      code: 'ldap/unavailable',
    })
    expect(seen()).toContain('1.3.6.1.4.1.1466.20037')
    expect(seen()).not.toMatch(/s3cret|r0m30|juliet/)
  })

  test('who gives up is not kept waiting, wherever it hangs', async () => {
    for (const behave of [(socket: Socket) => void socket.pause(), () => {}]) {
      let connected = () => {}
      const there = new Promise<void>((resolve) => {
        connected = resolve
      })
      const { port } = await listen((socket) => {
        behave(socket)
        connected()
      })
      await using ldap = accounts(port, { timeoutMs: 60_000 })
      const abort = new AbortController()
      const asked = ldap.passwords.verifyPassword(juliet, 'r0m30', { signal: abort.signal })
      await there
      abort.abort(new Error('enough'))
      await expect(asked).rejects.toBeDefined()
      await expect(ldap.passwords.verifyPassword(juliet, 'r0m30', { signal: abort.signal })).rejects.toThrow(
        'enough',
      )
    }
  })
})

test('an empty password is refused without a question: it would bind as nobody', async () => {
  const { port, seen } = await listen(() => {})
  await using ldap = accounts(port)
  expect(await ldap.passwords.verifyPassword(juliet, '')).toBe(false)
  expect(seen()).toBe('')
})
