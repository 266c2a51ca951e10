import type { IncomingMessage } from 'node:http'
import type { Clock } from '@xmppkit/runtime'

/** Settings of {@link createBodyReader}. */
export interface BodyLimits {
  /** Bytes of one body. */
  readonly maxBytes: number
  /** Bytes of all bodies that are being read. */
  readonly maxTotalBytes: number
  /** Time for one body. */
  readonly timeoutMs: number
}

/** What became of a body: its bytes, or the HTTP status to refuse it with; `undefined` if its sender has hung up. */
export type Body = Buffer | 400 | 408 | 413 | 503 | undefined

/**
 * Makes what collects the bodies of requests, within limits: of one, of all together, and of time (SEC-28).
 *
 * @returns a function that calls back once
 */
export function createBodyReader(deps: { readonly clock: Clock }, limits: BodyLimits) {
  let total = 0

  return (request: IncomingMessage, done: (body: Body) => void): void => {
    const isTooLarge = Number(request.headers['content-length'] ?? 0) > limits.maxBytes
    // Whatever has read it already has left nothing: a body parser of the app's.
    if (isTooLarge || request.readableEnded) {
      done(isTooLarge ? 413 : 400)
      return
    }
    const chunks: Buffer[] = []
    let bytes = 0
    const timer = deps.clock.after(limits.timeoutMs, () => settle(408))

    const onData = (chunk: Buffer) => {
      bytes += chunk.length
      total += chunk.length
      if (bytes > limits.maxBytes) settle(413)
      else if (total > limits.maxTotalBytes) settle(503)
      else chunks.push(chunk)
    }
    const onEnd = () => settle(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))
    const onClose = () => settle(undefined)
    const settle = (body: Body) => {
      total -= bytes
      timer[Symbol.dispose]()
      request.off('data', onData)
      request.off('end', onEnd)
      request.off('close', onClose)
      done(body)
    }
    request.on('data', onData)
    request.on('end', onEnd)
    request.on('close', onClose)
    request.on('error', ignore)
  }
}

function ignore(): void {}
