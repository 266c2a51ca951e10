import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ServerProcess, startServer, xmppkit } from '../process/server-process.js'
import { hasPeer } from './peers.js'

const present = hasPeer('go-sendxmpp (Debian: go-sendxmpp)', ['go-sendxmpp', '--version'])
const options = ['--domain', 'chat.test', '--set', 'accounts.iterations=4096']
let data = ''
let server: ServerProcess

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'xmppkit-go-'))
  server = await startServer(data, options)
  for (const user of ['anna', 'boris']) await xmppkit('register', user, 'chat.test', 'pw', '--data', data)
})
afterAll(async () => {
  await server.kill()
  await rm(data, { recursive: true })
})

/** It checks certificates against the system's; ours is its own authority, so that check is left to slixmpp. */
function run(user: string, tls: 'starttls' | 'direct', args: readonly string[]) {
  const port = tls === 'direct' ? server.tlsPort : server.port
  const way = tls === 'direct' ? ['--tls'] : []
  const account = ['-u', `${user}@chat.test`, '-p', 'pw', '-j', `127.0.0.1:${port}`, '-n', ...way]
  return spawn('go-sendxmpp', [...account, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
}

async function send(user: string, tls: 'starttls' | 'direct', text: string, to: string): Promise<void> {
  const child = run(user, tls, [to])
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors += String(chunk)
  })
  child.stdin.end(text)
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`go-sendxmpp ended with ${code}: ${errors}`)
}

describe.skipIf(!present)('go-sendxmpp', () => {
  test.each(['starttls', 'direct'] as const)(
    'logs in with SCRAM, sends, and gets what waited, over %s',
    async (tls) => {
      for (const n of [1, 2, 3]) await send('anna', tls, `hello ${n} <&> ö`, 'boris@chat.test')
      const waiting = () => xmppkit('get-offline-count', 'boris', 'chat.test', '--data', data)
      // It leaves without waiting for an acknowledgement: what it wrote last may still be on its way.
      await expect.poll(waiting, { timeout: 20_000 }).toBe('3\n')
      expect(await server.stop()).toBe(0)
      server = await startServer(data, options)
      expect(await waiting()).toBe('3\n')

      const listener = run('boris', tls, ['--listen'])
      const heard: string[] = []
      const lines = createInterface({ input: listener.stdout })
      lines.on('line', (line) => heard.push(line))
      while (heard.length < 3) await once(lines, 'line')
      await send('anna', tls, 'live now', 'boris@chat.test')
      while (heard.length < 4) await once(lines, 'line')
      listener.kill('SIGKILL')
      await once(listener, 'exit')
      expect(heard.map((line) => line.replace(/^.*?anna@chat\.test: /, ''))).toEqual([
        'hello 1 <&> ö',
        'hello 2 <&> ö',
        'hello 3 <&> ö',
        'live now',
      ])
      expect(await xmppkit('get-offline-count', 'boris', 'chat.test', '--data', data)).toBe('0\n')
    },
  )
})
