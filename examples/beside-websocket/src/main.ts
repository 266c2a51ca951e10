import { once } from 'node:events'
import { createJsonLogger } from '@xmppkit/runtime'
import { startApp } from './app.js'

const { DOMAIN = 'localhost', HOST = '127.0.0.1', PORT = '8080' } = process.env
const app = await startApp({
  domain: DOMAIN,
  host: HOST,
  port: Number(PORT),
  trustedProxies: ['127.0.0.1'],
  logger: createJsonLogger((line) => process.stderr.write(line), { level: 'info' }),
})
await app.chat.commands.call('register', { account: `juliet@${DOMAIN}`, password: 'r0m30' })
console.log(`http://${HOST}:${app.port}: /health, WebSockets at /live and /xmpp-websocket`)
const prices = setInterval(() => app.publish(Math.round(Math.random() * 100)), 1000)

await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
clearInterval(prices)
await app.close()
