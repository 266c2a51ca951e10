import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createJsonLogger } from '@xmppkit/runtime'
import { startApp } from './app.js'
import { openUsers } from './users.js'

const { FOLDER = './app-data', DOMAIN = 'localhost', HOST = '127.0.0.1', PORT = '8080', SECRET } = process.env
mkdirSync(FOLDER, { recursive: true })
const users = openUsers(join(FOLDER, 'users.sqlite'))
const app = await startApp({
  users,
  domain: DOMAIN,
  host: HOST,
  port: Number(PORT),
  secret: SECRET === undefined ? randomBytes(32) : Buffer.from(SECRET),
  chatDatabase: join(FOLDER, 'chat.sqlite'),
  trustedProxies: ['127.0.0.1'],
  logger: createJsonLogger((line) => process.stderr.write(line), { level: 'info' }),
})
console.log(`http://${HOST}:${app.port}: POST /signup, /login, /chat-token; WebSocket at /xmpp-websocket`)

await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
await app.close()
users.close()
