import { once } from 'node:events'
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net'

/** A network that can be cut. */
export interface LossyProxy extends AsyncDisposable {
  readonly port: number
  /** Destroys every connection at both ends, without a goodbye; until `mend()`, new ones wait. */
  cut(): void
  /** Leaves connections alone; until `mend()`, new ones wait. */
  hold(): void
  /** Lets those through that wait, and all that come. */
  mend(): void
}

/**
 * Listens on a free loopback port and passes everything on.
 *
 * @param target - the port to pass it to, or where to look it up for each connection
 */
export async function openLossyProxy(target: number | (() => number)): Promise<LossyProxy> {
  const connections = new Set<Socket>()
  const waiting: Socket[] = []
  let whole = true
  const keep = (socket: Socket) => {
    connections.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => connections.delete(socket))
  }
  const join = (near: Socket) => {
    if (near.destroyed) return
    const far = createConnection(typeof target === 'number' ? target : target(), '127.0.0.1')
    keep(far)
    near.pipe(far).pipe(near)
    near.once('close', () => far.destroy())
    far.once('close', () => near.destroy())
  }
  const server = createServer((near) => {
    keep(near)
    if (whole) join(near)
    else waiting.push(near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const hold = () => {
    whole = false
  }
  const cut = () => {
    hold()
    for (const socket of connections) socket.resetAndDestroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    hold,
    mend() {
      whole = true
      for (const near of waiting.splice(0)) join(near)
    },
    async [Symbol.asyncDispose]() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
