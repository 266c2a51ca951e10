import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { createManualClock, randomIds, silentLogger } from '@xmppkit/runtime'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { expressMiddleware, honoMiddleware, serveWithFastify } from './middleware.js'
import { createWeb, type Web } from './web.js'
import { dialled } from './web-rig.js'

/** How an app with a route of its own is put together with a framework, and closed. */
interface Framework {
  readonly name: string
  /** With our handler among its own middlewares, or none and all attached to its server. */
  start(web: Web, withMiddleware: boolean): Promise<{ server: Server; close(): Promise<unknown> }>
}

const closing = (server: Server) => () => new Promise((resolve) => server.close(resolve))

const frameworks: readonly Framework[] = [
  {
    name: 'Express',
    async start(web, withMiddleware) {
      const app = express()
      if (withMiddleware) app.use(expressMiddleware(web))
      app.use(express.json())
      app.post('/hello', (request, response) => void response.send(`hello ${request.body.name}`))
      const server = app.listen(0, '127.0.0.1')
      await once(server, 'listening')
      return { server, close: closing(server) }
    },
  },
  {
    name: 'Fastify',
    async start(web, withMiddleware) {
      const app = fastify()
      if (withMiddleware) serveWithFastify(app, web)
      app.post<{ Body: { name: string } }>('/hello', (request) =>
        Promise.resolve(`hello ${request.body.name}`),
      )
      await app.listen({ port: 0, host: '127.0.0.1' })
      return { server: app.server, close: () => app.close() }
    },
  },
  {
    name: 'Hono',
    async start(web, withMiddleware) {
      const app = new Hono()
      if (withMiddleware) app.use(honoMiddleware(web))
      app.post('/hello', async (context) => context.text(`hello ${(await context.req.json()).name}`))
      const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server
      await once(server, 'listening')
      return { server, close: closing(server) }
    },
  },
]

describe.each(frameworks)('$name', (framework) => {
  test.each([
    ['by a middleware, and on its server for upgrades', true],
    ['on its server', false],
  ])('serves its own routes and ours, %s', async (_how, withMiddleware) => {
    const received: string[] = []
    const web = createWeb({
      clock: createManualClock(),
      ids: randomIds,
      logger: silentLogger,
      accept: (transport) => ({
        receive(chunk) {
          received.push(Buffer.from(chunk).toString())
          transport.write('<answer/>' as never)
          transport.flushed(() => {})
        },
        secured() {},
        drained() {},
        disconnected() {},
      }),
    })
    web.add({
      handleRequest(request, response) {
        if (request.url !== '/ours') return false
        request.setEncoding('utf8')
        let text = ''
        request.on('data', (chunk: string) => {
          text += chunk
        })
        request.on('end', () => response.end(`ours ${text}`))
        return true
      },
    })
    const { server, close } = await framework.start(web, withMiddleware)
    web.attach(server)
    const { port } = server.address() as AddressInfo
    const post = async (path: string, body: string) => {
      const headers = { 'content-type': 'application/json', connection: 'close' }
      return (await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body, headers })).text()
    }
    expect(await post('/hello', '{"name":"Juliet"}')).toBe('hello Juliet')
    expect(await post('/ours', '{"raw":1}')).toBe('ours {"raw":1}')

    const ws = (await dialled(new WebSocket(`ws://127.0.0.1:${port}/xmpp-websocket`, ['xmpp']))) as WebSocket
    ws.send('<hello/>')
    const [answer] = (await once(ws, 'message')) as [Buffer]
    expect([received, answer.toString()]).toEqual([['<hello/>'], '<answer/>'])

    web.close()
    ws.terminate()
    expect(await post('/hello', '{"name":"Romeo"}')).toBe('hello Romeo')
    await close()
  })
})
