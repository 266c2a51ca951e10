import { once } from 'node:events'
import { createJsonLogger } from '@xmppkit/runtime'
import { readPair, refuseWords, startChatServer } from './chat-server.js'

const { DOMAIN = 'localhost', FOLDER = './chat-data', HOST = '127.0.0.1', TLS_CERT, TLS_KEY } = process.env
const certificate = await readPair(TLS_CERT, TLS_KEY)
const noSpam = refuseWords(['casino'])

const server = await startChatServer({
  domain: DOMAIN,
  folder: FOLDER,
  host: HOST,
  ports: { starttls: Number(process.env.PORT ?? 5222), tls: Number(process.env.TLS_PORT ?? 5223) },
  ...(certificate && { certificate }),
  onMessage(from, to, body) {
    noSpam(from, to, body)
    console.log(`${from} → ${to}: ${body.length} characters`)
  },
  logger: createJsonLogger((line) => process.stderr.write(line), { level: 'info' }),
})

// Accounts to try it with; they stay in the database.
for (const [name, password] of [
  ['juliet', 'r0m30'],
  ['romeo', 'jul13t'],
]) {
  const account = `${name}@${DOMAIN}`
  if (!(await server.commands.call('check_account', { account })))
    await server.commands.call('register', { account, password })
}
for (const { host, port, tls } of server.listeners) console.log(`listening on ${host} port ${port} (${tls})`)
console.log(`log in as juliet@${DOMAIN}, password r0m30; stop with Ctrl-C`)

await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
await server.close()
console.log('stopped')
