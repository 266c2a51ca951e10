import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { startServer } from '../process/server-process.js'
import { hasPeer } from './peers.js'

const python = '/usr/bin/python3'
const scenario = fileURLToPath(new URL('./slixmpp_scenario.py', import.meta.url))
const present = hasPeer('slixmpp (Debian: python3-slixmpp)', [python, '-c', 'import slixmpp'])

async function play(phase: string, options: Record<string, string | number>): Promise<{ step: string }[]> {
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
  const run = promisify(execFile)(python, [scenario, phase, ...args], { timeout: 100_000 })
  const { stdout } = await run.catch((error: { stdout?: string; stderr?: string }) => {
    throw new Error(`slixmpp, phase ${phase}:\n${error.stdout}\n${error.stderr}`)
  })
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

describe.skipIf(!present)('slixmpp', () => {
  test.each(['starttls', 'direct'] as const)(
    'registers, logs in, befriends, chats and gets offline messages after a restart, over %s',
    async (tls) => {
      const data = await mkdtemp(join(tmpdir(), 'xmppkit-slixmpp-'))
      const options = ['--domain', 'chat.test', '--allow-registration']
      const common = { domain: 'chat.test', ca: join(data, 'self-signed.crt'), tls }
      try {
        await using first = await startServer(data, options)
        const port = tls === 'direct' ? first.tlsPort : first.port
        const steps = (await play('chat', { ...common, port })).map(({ step }) => step)
        expect(steps).toContain('presence followed')
        expect(steps.at(-1)).toBe('done')
        expect(await first.stop()).toBe(0)

        await using second = await startServer(data, options)
        const again = tls === 'direct' ? second.tlsPort : second.port
        const later = (await play('offline', { ...common, port: again })).map(({ step }) => step)
        expect(later).toContain('offline messages in order')
      } finally {
        await rm(data, { recursive: true })
      }
    },
    120_000,
  )
})
