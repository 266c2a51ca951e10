import { once } from 'node:events'
import { createJsonLogger } from '@xmppkit/runtime'
import { startApp } from './app.js'

const { DATABASE_URL, DOMAIN = 'localhost', HOST = '127.0.0.1', PORT = '8080' } = process.env
if (DATABASE_URL === undefined)
  throw new Error('set DATABASE_URL, such as postgres://user:password@localhost/shop')
const app = await startApp({
  database: DATABASE_URL,
  domain: DOMAIN,
  host: HOST,
  port: Number(PORT),
  trustedProxies: ['127.0.0.1'],
  logger: createJsonLogger((line) => process.stderr.write(line), { level: 'info' }),
})
console.log(
  `http://${HOST}:${app.port}: POST /customers, /orders/:name/shipped; WebSocket at /xmpp-websocket`,
)

await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
await app.close()
