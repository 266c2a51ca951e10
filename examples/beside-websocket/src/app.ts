import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Logger, silentLogger } from '@xmppkit/runtime'
import { createServer, type Server } from '@xmppkit/server'
import { WebSocketServer } from 'ws'

/** Settings of {@link startApp}. */
export interface AppOptions {
  /** Domain of the chat's addresses. */
  readonly domain: string
  readonly host: string
  readonly port: number
  /** Proxies that bring HTTPS here. */
  readonly trustedProxies: readonly string[]
  readonly logger?: Logger
}

/** A running app. */
export interface App {
  readonly chat: Server
  readonly http: HttpServer
  readonly port: number
  /** Tells a price to whoever watches. */
  publish(price: number): void
  close(): Promise<void>
}

/** An app that tells prices over WebSockets of its own, and has had a chat added to it. */
export async function startApp(options: AppOptions): Promise<App> {
  const http = createHttpServer((request, response) => {
    if (request.url === '/health') response.end('well')
    else response.writeHead(404).end()
  })

  // #region own
  // What the app has had all along: its own upgrades, on its own path, and an end for all others.
  const live = new WebSocketServer({ noServer: true })
  http.on('upgrade', (request, socket, head) => {
    if (request.url === '/live') live.handleUpgrade(request, socket, head, (ws) => ws.send('welcome'))
    else socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n')
  })
  // #endregion

  // #region chat
  const chat = await createServer(
    { domains: [options.domain], web: { trustedProxies: options.trustedProxies } },
    { logger: options.logger ?? silentLogger },
  )
  chat.web.attach(http)
  // #endregion

  await new Promise<void>((resolve) => http.listen(options.port, options.host, resolve))
  return {
    chat,
    http,
    port: (http.address() as AddressInfo).port,
    publish(price) {
      for (const ws of live.clients) ws.send(String(price))
    },
    async close() {
      await chat.close()
      for (const ws of live.clients) ws.terminate()
      await new Promise((resolve) => {
        http.close(resolve)
        http.closeAllConnections()
      })
    },
  }
}
