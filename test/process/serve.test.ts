import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { systemClock } from '@xmppkit/runtime'
import { createDevelopmentCertificate } from '@xmppkit/tcp'
import { createWireClient, socketTransport } from '@xmppkit/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, xmppkit } from './server-process.js'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xmppkit-serve-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** A client of the server's plain port. */
function client(port: number, domain: string) {
  return createWireClient({ transport: socketTransport(connect({ port, host: '127.0.0.1' })) }, { domain })
}

const streams = 'http://etherx.jabber.org/streams'

test('S-15: SIGTERM tells the clients, keeps what was stored, removes the PID file and ends with 0', async () => {
  const data = join(folder, 'term')
  const pidFile = join(folder, 'term.pid')
  const options = ['--domain', 'chat.test', '--allow-plaintext', '--pid-file', pidFile]
  await using server = await startServer(data, options)
  expect(Number(await readFile(pidFile, 'utf8'))).toBe(server.pid)
  expect(server.greeting()).toContain('npx xmppkit register juliet chat.test')
  await xmppkit('register', 'juliet', 'chat.test', 'pw', '--data', data)
  await xmppkit('register', 'romeo', 'chat.test', 'pw', '--data', data)

  const romeo = client(server.port, 'chat.test')
  await romeo.login({ username: 'romeo', password: 'pw' })
  expect(await xmppkit('connected-users', '--data', data)).toContain('romeo@chat.test/')
  romeo.send("<message to='juliet@chat.test' type='chat'><body>later</body></message>")
  await romeo.expectNothing()
  const stopped = server.stop()
  const error = await romeo.find(`<error xmlns='${streams}'/>`)
  expect(error.children[0]?.name).toBe('system-shutdown')
  expect(await stopped).toBe(0)
  await expect(stat(pidFile)).rejects.toThrow()

  await using again = await startServer(data, options)
  const juliet = client(again.port, 'chat.test')
  await juliet.login({ username: 'juliet', password: 'pw' })
  juliet.send('<presence/>')
  await juliet.find(
    "<message from='romeo@chat.test/{any}'><body>later</body></message>".replace(
      '/{any}',
      `/${romeo.jid.resource}`,
    ),
  )
  await juliet.close()
})

test('T-7: certificates given are served, and loaded again on SIGHUP', async () => {
  const data = join(folder, 'certificates')
  const [cert, key] = [join(folder, 'chain.pem'), join(folder, 'key.pem')]
  const write = async (name: string) => {
    const pair = await createDevelopmentCertificate({ domains: [name], now: systemClock.now() })
    await Promise.all([writeFile(cert, pair.cert), writeFile(key, pair.key)])
  }
  await write('first.test')
  await using server = await startServer(data, ['--tls-cert', cert, '--tls-key', key])
  const served = async () => {
    const socket = connectTls({ host: '127.0.0.1', port: server.tlsPort, rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    const { CN } = socket.getPeerCertificate().subject
    socket.destroy()
    return CN
  }
  expect(await served()).toBe('first.test')
  await write('second.test')
  server.child.kill('SIGHUP')
  await expect.poll(served, { timeout: 10_000 }).toBe('second.test')
})

test('settings come from a file, and limits of the command line are in force', async () => {
  const data = join(folder, 'config')
  const config = join(folder, 'settings.json')
  await writeFile(config, JSON.stringify({ domains: ['file.test'], c2s: { requireTls: false } }))
  await using server = await startServer(data, [
    '--config',
    config,
    '--max-stanza-bytes',
    '20000',
    '--allow-plaintext',
  ])
  expect(await xmppkit('registered-vhosts', '--data', data)).toBe('file.test\n')
  await xmppkit('register', 'juliet', 'file.test', 'pw', '--data', data)
  const juliet = client(server.port, 'file.test')
  await juliet.login({ username: 'juliet', password: 'pw' })
  juliet.send(`<message to='juliet@file.test'><body>${'x'.repeat(20_000)}</body></message>`)
  const error = await juliet.find(`<error xmlns='${streams}'/>`)
  expect(error.children[0]?.name).toBe('policy-violation')
})

test.each([
  [['--no-such-option'], 2, /--help/],
  [['--set', 'roster.maxItem=1'], 1, /roster has no option maxItem/],
  [['--database-url', 'postgres://nobody@127.0.0.1:1/none'], 1, /./],
  [['--tls-cert', '/nonexistent', '--tls-key', '/nonexistent'], 1, /./],
])('a start that cannot be says why and ends: %j', async (options, code, message) => {
  const data = join(folder, 'wrong')
  const command = new URL('../../packages/cli/bin/xmppkit.js', import.meta.url).pathname
  const args = [command, 'serve', '--data', data, '--host', '127.0.0.1', '--c2s-port', '0', '--tls-port', '0']
  const outcome = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
    execFile(process.execPath, [...args, ...options], { timeout: 30_000 }, (error, _stdout, stderr) =>
      resolve({ code: error?.code, stderr }),
    )
  })
  expect(outcome.code).toBe(code)
  expect(outcome.stderr).toMatch(message)
  expect(outcome.stderr).not.toContain('    at ')
})
