import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type OutboxEvent, verifyWebhook } from '@xmppkit/outbox'

/** How a receiver is: it takes events, answers that it cannot, cuts connections, or is not there. */
export type Mood = 'up' | 'failing' | 'cutting' | 'gone'

/** A receiver of webhooks that is unwell now and then. */
export interface Receiver extends AsyncDisposable {
  readonly url: string
  /** What it has taken, in the order it came: conversation, run and number; an event may be there twice. */
  readonly taken: {
    readonly event: string
    readonly conversation: string
    readonly at: readonly [number, number]
  }[]
  /** Requests it has turned away. */
  readonly refused: number
  setMood(mood: Mood): Promise<void>
  /** Resolves as soon as it is true of what was taken. */
  until(isEnough: () => boolean): Promise<void>
}

/** Opens a receiver on a port of this machine, which stays its own. */
export async function openReceiver(secret: string): Promise<Receiver> {
  const taken: Receiver['taken'] = []
  let mood: Mood = 'up'
  let refused = 0
  let wake: () => void = () => {}

  const take = (request: IncomingMessage, response: ServerResponse, body: string) => {
    if (mood !== 'up') {
      refused += 1
      if (mood === 'cutting') request.socket.destroy()
      else response.writeHead(503).end('not now')
      return
    }
    verifyWebhook(secret, request.headers, body, { now: Date.now() })
    const event = JSON.parse(body) as OutboxEvent
    const { data } = event
    const [run = 0, number = 0] = 'id' in data ? data.id.split('-').map(Number) : []
    taken.push({ event: event.id, conversation: event.conversation, at: [run, number] })
    response.writeHead(204).end()
    wake()
  }
  const listen = async (port: number): Promise<Server> => {
    const server = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk) => (body += String(chunk)))
      request.on('end', () => take(request, response, body))
    })
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return server
  }
  const end = async (server: Server) => {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }

  let server = await listen(0)
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/events`,
    taken,
    get refused() {
      return refused
    },
    async setMood(next) {
      if (mood === 'gone' && next !== 'gone') server = await listen(port)
      if (mood !== 'gone' && next === 'gone') await end(server)
      mood = next
    },
    async until(isEnough) {
      while (!isEnough()) await new Promise<void>((resolve) => (wake = resolve))
    },
    async [Symbol.asyncDispose]() {
      if (mood !== 'gone') await end(server)
    },
  }
}
