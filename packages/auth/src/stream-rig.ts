import type { BareJid } from '@xmppkit/jid'
import { createCountingIds, createManualClock, type Logger, type ManualClock } from '@xmppkit/runtime'
import {
  createServerStream,
  type ServerStream,
  type StreamEnd,
  type StreamFeature,
  type TlsInfo,
} from '@xmppkit/stream'
import { textFromWire } from '@xmppkit/xml'

/** A server stream whose client is the test. For the tests of this package. */
export interface StreamRig {
  readonly stream: ServerStream
  readonly clock: ManualClock
  /** How the stream ended, once it has. */
  readonly ends: StreamEnd[]
  /** Elements that reached the application. */
  readonly elements: string[]
  /** Every log line, fields included, as JSON. */
  readonly log: string[]
  /** Everything the server ever wrote. */
  readonly transcript: string[]
  /** Sends text and waits until what the server has written since the last call matches; gives that text. */
  say(text: string, until: RegExp): Promise<string>
  /** Opens the stream and gives the features. */
  open(): Promise<string>
}

export interface StreamRigSetup {
  readonly features: (tools: { clock: ManualClock; logger: Logger }) => readonly StreamFeature[]
  readonly tls?: TlsInfo | 'none'
  readonly canStartTls?: boolean
  readonly remoteAddress?: string
  readonly vouchedFor?: BareJid
  readonly domain?: string
}

export function streamRig(setup: StreamRigSetup): StreamRig {
  const clock = createManualClock()
  const log: string[] = []
  const logger = recordingLogger(log)
  const features = setup.features({ clock, logger })
  const ends: StreamEnd[] = []
  const elements: string[] = []
  const transcript: string[] = []
  const domain = setup.domain ?? 'example.org'
  let heard = ''
  let wake = (): void => {}
  const stream = createServerStream(
    {
      transport: {
        framing: 'stream',
        remoteAddress: setup.remoteAddress ?? '192.0.2.7',
        vouchedFor: setup.vouchedFor,
        tls: setup.tls === 'none' ? undefined : (setup.tls ?? { protocol: 'TLSv1.3' }),
        canStartTls: setup.canStartTls ?? false,
        write(wire) {
          const text = textFromWire(wire)
          transcript.push(text)
          heard += text
          wake()
          return true
        },
        flushed: (done) => done(),
        pause: () => {},
        resume: () => {},
        end: () => {},
        destroy: () => {},
      },
      clock,
      ids: createCountingIds('stream'),
      logger,
      resolve: (wanted) => (wanted === domain ? { features: () => features } : 'unknown'),
      onElement: (el) => void elements.push(el.name),
      onClosed: (end) => {
        ends.push(end)
        wake()
      },
    },
    { loginTimeoutMs: Number.POSITIVE_INFINITY, idleTimeoutMs: Number.POSITIVE_INFINITY },
  )
  const say = (text: string, until: RegExp): Promise<string> =>
    new Promise((resolve) => {
      let matched = false
      const check = (): void => {
        if (matched || !until.test(heard)) return
        matched = true
        // The server may be in the middle of its turn.
        setImmediate(() => {
          const answer = heard
          heard = ''
          resolve(answer)
        })
      }
      wake = check
      stream.receive(Buffer.from(text))
      check()
    })
  const header = `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='${domain}' version='1.0'>`
  return {
    stream,
    clock,
    ends,
    elements,
    log,
    transcript,
    say,
    open: () => say(header, /<stream:features\/>|<\/stream:features>|<\/stream:stream>/),
  }
}

function recordingLogger(lines: string[]): Logger {
  const write = (message: string, fields: object = {}): void => {
    const shown = (_key: string, value: unknown): unknown =>
      value instanceof Error ? [value.message, value.cause] : value
    lines.push(JSON.stringify({ message, ...fields }, shown))
  }
  const logger: Logger = { debug: write, info: write, warn: write, error: write, child: () => logger }
  return logger
}
