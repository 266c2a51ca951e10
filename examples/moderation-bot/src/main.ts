import { once } from 'node:events'
import { createJsonLogger, systemClock } from '@xmppkit/runtime'
import { createServer } from '@xmppkit/server'
import { createCertificates, createDevelopmentCertificate } from '@xmppkit/tcp'
import { startModeration } from './moderation.js'

const { DOMAIN = 'localhost', HOST = '127.0.0.1', PORT = '5222', WORDS = 'casino,viagra' } = process.env
const pair = await createDevelopmentCertificate({ domains: [DOMAIN], now: systemClock.now() })
const server = await createServer(
  {
    domains: [DOMAIN],
    certificates: await createCertificates({ load: async () => [pair] }),
    listeners: [{ host: HOST, port: Number(PORT) }],
  },
  { logger: createJsonLogger((line) => process.stderr.write(line), { level: 'info' }) },
)
for (const [name, password] of [
  ['juliet', 'r0m30'],
  ['romeo', 'jul13t'],
  ['nurse', 'angel1ca'],
]) {
  await server.commands.call('register', { account: `${name}@${DOMAIN}`, password })
}
await using moderation = await startModeration(server, systemClock, {
  address: `watch@${DOMAIN}/bot`,
  moderators: [`nurse@${DOMAIN}`],
  words: WORDS.split(','),
  warnings: 3,
  muteMs: 10 * 60_000,
})
console.log(`${moderation.bot.jid} watches over port ${PORT}; nurse, password angel1ca, is its moderator`)

await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
await server.close()
