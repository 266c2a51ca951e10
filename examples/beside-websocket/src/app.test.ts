import { once } from 'node:events'
import { createWireClient, framedTransport, webSocketFrames } from '@xmppkit/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type App, startApp } from './app.js'

const domain = 'chat.example'
let app: App

beforeEach(async () => {
  app = await startApp({ domain, host: '127.0.0.1', port: 0, trustedProxies: ['127.0.0.1'] })
  await app.chat.commands.call('register', { account: `juliet@${domain}`, password: 'r0m30' })
})
afterEach(() => app.close())

async function watch() {
  const ws = new WebSocket(`ws://127.0.0.1:${app.port}/live`)
  const heard: string[] = []
  ws.addEventListener('message', ({ data }) => heard.push(data as string))
  await once(ws, 'open')
  return { ws, heard }
}

async function login() {
  const headers = { 'X-Forwarded-Proto': 'https' }
  const ws = new WebSocket(`ws://127.0.0.1:${app.port}/xmpp-websocket`, 'xmpp', { headers })
  const client = createWireClient({ transport: framedTransport(webSocketFrames(ws)) }, { domain })
  await client.login({ username: 'juliet', password: 'r0m30' })
  return client
}

test('both kinds of WebSocket and the routes of the app live on one port', async () => {
  const { ws, heard } = await watch()
  const juliet = await login()
  app.publish(42)
  await expect.poll(() => heard).toEqual(['welcome', '42'])
  expect(await (await fetch(`http://127.0.0.1:${app.port}/health`)).text()).toBe('well')
  const [error] = await once(new WebSocket(`ws://127.0.0.1:${app.port}/other`), 'error')
  expect(String(error)).toContain('404')
  juliet.cut()
  ws.terminate()
})

test('when the chat closes the app goes on, its upgrades too, and no chat is to be had', async () => {
  const { heard } = await watch()
  const juliet = await login()
  await app.chat.close()
  await juliet.ended
  app.publish(43)
  await expect.poll(() => heard).toEqual(['welcome', '43'])
  expect((await watch()).ws.readyState).toBe(WebSocket.OPEN)
  const [error] = await once(new WebSocket(`ws://127.0.0.1:${app.port}/xmpp-websocket`, 'xmpp'), 'error')
  expect(String(error)).toContain('404')
})
