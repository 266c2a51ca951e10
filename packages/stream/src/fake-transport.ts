import { textFromWire, type Wire } from '@xmppkit/xml'
import type { TlsInfo, Transport } from './ports.js'

/** A transport that only remembers; for the tests of this package. */
export interface FakeTransport extends Transport {
  /** Everything written since the last call, as text. */
  taken(): string
  /** Every single write since the last `taken()`. */
  readonly writes: string[]
  /** What was called beside `write`, in order. */
  readonly calls: string[]
  /** What `write` answers. */
  room: boolean
  /** Whether written bytes reach the operating system at once. */
  instant: boolean
  /** Calls back everybody who waits in `flushed`. */
  flush(): void
}

export function fakeTransport(
  options: { framing?: 'stream' | 'framed'; tls?: TlsInfo; canStartTls?: boolean } = {},
): FakeTransport {
  const waiting: (() => void)[] = []
  const writes: string[] = []
  const calls: string[] = []
  const transport: FakeTransport = {
    framing: options.framing ?? 'stream',
    remoteAddress: '192.0.2.7',
    tls: options.tls,
    canStartTls: options.canStartTls ?? false,
    room: true,
    instant: true,
    writes,
    calls,
    write(wire: Wire) {
      writes.push(textFromWire(wire))
      return transport.room
    },
    flushed(done) {
      if (transport.instant) done()
      else waiting.push(done)
    },
    flush() {
      for (const done of waiting.splice(0)) done()
    },
    taken: () => writes.splice(0).join(''),
    pause: () => void calls.push('pause'),
    resume: () => void calls.push('resume'),
    startTls: (name) => void calls.push(`startTls ${name}`),
    end: () => void calls.push('end'),
    destroy: () => void calls.push('destroy'),
  }
  return transport
}

/** Lets everything that waits for promises alone run. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
