import type { Clock } from '@xmppkit/runtime'
import { OutboxError } from './errors.js'
import { type EventSink, Unreachable } from './event-sink.js'
import { signWebhook, webhookKey } from './webhook-signature.js'

/** Where events are posted. */
export interface WebhookOptions {
  /**
   * Where to: `https:`, or `http:` within a network of your own. It comes from the operator and from nobody else: whoever could
   * choose it could have this server talk to machines only it can reach.
   */
  readonly url: string
  /** Signs requests: `whsec_` and 24 to 64 random bytes in base64. Several while one takes the place of another. */
  readonly secret: string | readonly string[]
  /** More headers of every request. @default none */
  readonly headers?: Readonly<Record<string, string>>
}

/** Collaborators of {@link createWebhookSink}. */
export interface WebhookDeps {
  /** Dates requests. */
  readonly clock: Pick<Clock, 'now'>
  /** Posts. @default the fetch of Node */
  readonly fetch?: typeof fetch
}

/** Answers that say "not now" rather than "not this". */
const temporary: ReadonlySet<number> = new Set([408, 425, 429])

/**
 * Posts events as JSON, signed as in the Standard Webhooks scheme: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
 *
 * 2xx is taken for good; 408, 425, 429, 5xx and no answer mean "not now"; redirects are not followed, and they and all else
 * mean "not this".
 *
 * @throws OutboxError `outbox/bad-target` for an unusable URL or secret
 */
export function createWebhookSink(deps: WebhookDeps, options: WebhookOptions): EventSink {
  const { clock, fetch: post = fetch } = deps
  const url = usableUrl(options.url)
  const secrets = typeof options.secret === 'string' ? [options.secret] : options.secret
  const keys = secrets.map(webhookKey)
  if (keys.length === 0) throw new OutboxError('outbox/bad-target', 'a webhook needs a secret')

  const send = async (headers: Record<string, string>, body: string, signal: AbortSignal) => {
    try {
      return await post(url, { method: 'POST', headers, body, signal, redirect: 'manual' })
    } catch (cause) {
      if (signal.aborted) throw signal.reason
      throw new Unreachable('the receiver cannot be reached', { cause })
    }
  }

  return async (event, { text, signal }) => {
    const timestamp = Math.floor(clock.now() / 1000)
    const signed = { id: event.id, timestamp, body: text }
    const response = await send(
      {
        ...options.headers,
        'content-type': 'application/json',
        'user-agent': 'xmppkit',
        'webhook-id': event.id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': keys.map((key) => signWebhook(key, signed)).join(' '),
      },
      text,
      signal,
    )
    // What it says is of no interest; without this the connection could not be used again.
    await response.body?.cancel()
    judge(response, clock.now())
  }
}

function judge({ status, ok, headers }: Response, now: number): void {
  if (ok) return
  if (status >= 500 || temporary.has(status)) {
    const retryAfterMs = patienceOf(headers.get('retry-after'), now)
    throw new Unreachable(
      `the receiver answered ${status}`,
      retryAfterMs === undefined ? {} : { retryAfterMs },
    )
  }
  throw new OutboxError('outbox/refused', `the receiver answered ${status}`)
}

/** RFC 9110 §10.2.3: seconds, or a date. */
function patienceOf(text: string | null, now: number): number | undefined {
  if (text === null) return undefined
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return Number.isFinite(ms) && ms > 0 ? ms : undefined
}

function usableUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new OutboxError('outbox/bad-target', 'the URL of a webhook begins with https:// or http://')
  }
  if (url.username !== '' || url.password !== '') {
    throw new OutboxError('outbox/bad-target', 'put credentials of a webhook into its headers, not its URL')
  }
  return url.href
}
