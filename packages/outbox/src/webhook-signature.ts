import { createHmac, timingSafeEqual } from 'node:crypto'
import { OutboxError } from './errors.js'

/** What a webhook is signed over. */
export interface SignedWebhook {
  /** Id of the event. */
  readonly id: string
  /** When it is sent, in seconds since 1970. */
  readonly timestamp: number
  /** The body, as it is sent. */
  readonly body: string
}

const prefix = 'whsec_'

/**
 * The key in a secret: `whsec_` and base64, as receivers of the Standard Webhooks scheme know it.
 *
 * @throws OutboxError `outbox/bad-target` for what is none, or shorter than 24 bytes
 */
export function webhookKey(secret: string): Buffer {
  const text = secret.startsWith(prefix) ? secret.slice(prefix.length) : undefined
  const key =
    text !== undefined && /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined
  if (key !== undefined && key.length >= 24 && key.length <= 64) return key
  throw new OutboxError(
    'outbox/bad-target',
    'the secret of a webhook is "whsec_" and 24 to 64 random bytes in base64',
  )
}

/** Signs a webhook: `v1,` and the HMAC-SHA-256 of id, timestamp and body, in base64. */
export function signWebhook(key: Buffer, { id, timestamp, body }: SignedWebhook): string {
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
}

/** How {@link verifyWebhook} checks. */
export interface VerifyOptions {
  /** The time now, in milliseconds since 1970. */
  readonly now: number
  /** How old, or how far ahead, a request may be; older ones may be replayed by somebody. @default 300_000 */
  readonly toleranceMs?: number
}

/**
 * For receivers: checks that a request is ours and fresh, before its body is parsed.
 *
 * @param secret - as given to the server
 * @param headers - `webhook-id`, `webhook-timestamp` and `webhook-signature` of the request
 * @param body - its body as it came, byte for byte
 * @throws OutboxError `outbox/bad-signature`, `outbox/bad-target` for an unusable secret
 *
 * @example
 * ```ts
 * verifyWebhook(secret, request.headers, body, { now: Date.now() })
 * const event = JSON.parse(body) as OutboxEvent
 * ```
 */
export function verifyWebhook(
  secret: string,
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  body: string,
  { now, toleranceMs = 300_000 }: VerifyOptions,
): void {
  const id = String(headers['webhook-id'] ?? '')
  const timestamp = Number(headers['webhook-timestamp'])
  const isFresh = Math.abs(now - timestamp * 1000) <= toleranceMs
  const expected = Buffer.from(signWebhook(webhookKey(secret), { id, timestamp, body }))
  const given = String(headers['webhook-signature'] ?? '').split(' ')
  const isOurs = given.some((one) => {
    const bytes = Buffer.from(one)
    return bytes.length === expected.length && timingSafeEqual(bytes, expected)
  })
  if (isFresh && isOurs) return
  const text = isOurs ? 'the request is too old' : 'the request is not signed with this secret'
  throw new OutboxError('outbox/bad-signature', text)
}
