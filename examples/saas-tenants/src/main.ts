import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createJsonLogger, randomIds } from '@xmppkit/runtime'
import { startApp } from './app.js'

const { FOLDER = './saas-data', ZONE = 'chat.localhost', HOST = '127.0.0.1', PORT = '8080' } = process.env
const operatorKey = process.env.OPERATOR_KEY ?? randomIds.next()
mkdirSync(FOLDER, { recursive: true })
const app = await startApp({
  storage: { path: join(FOLDER, 'chat.sqlite') },
  zone: ZONE,
  operatorKey,
  host: HOST,
  port: Number(PORT),
  trustedProxies: ['127.0.0.1'],
  logger: createJsonLogger((line) => process.stderr.write(line), { level: 'info' }),
})
console.log(`http://${HOST}:${app.port}: POST /tenants, /users; WebSocket at /xmpp-websocket`)
if (process.env.OPERATOR_KEY === undefined) console.log(`the operator's key: ${operatorKey}`)

await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
await app.close()
