import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'

/** A way to a server that can be cut. */
export interface Cable extends Disposable {
  /** Where it begins, on this machine. */
  readonly port: number
  /** Leads to another port from now on. */
  lead(port: number): void
  /** Drops all that is on it, and lets nothing through until it is mended. */
  cut(): void
  mend(): void
}

/** Lays a cable from a free port to nowhere. */
export async function layCable(): Promise<Cable> {
  const ends = new Set<Socket>()
  let target = 0
  let whole = true
  const server = createServer((near) => {
    near.on('error', () => {})
    if (!whole || target === 0) {
      near.destroy()
      return
    }
    const far = connect({ host: '127.0.0.1', port: target })
    far.on('error', () => {})
    near.pipe(far).pipe(near)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      ends.add(one)
      one.once('close', () => {
        ends.delete(one)
        other.destroy()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => {
    whole = false
    for (const end of ends) end.destroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    lead(port) {
      target = port
    },
    cut,
    mend() {
      whole = true
    },
    [Symbol.dispose]() {
      cut()
      server.close()
    },
  }
}
