import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createManualClock } from '@xmppkit/runtime'
import { afterEach, describe, expect, test } from 'vitest'
import type { OutboxEvent } from './events.js'
import { signWebhook, verifyWebhook, webhookKey } from './webhook-signature.js'
import { createWebhookSink } from './webhook-sink.js'

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const older = `whsec_${Buffer.alloc(24, 8).toString('base64')}`
const now = Date.UTC(2026, 0, 31, 12)
const event = { id: 'evt-1', type: 'account.removed' } as OutboxEvent
const text = JSON.stringify({ ...event, data: { account: 'jüliet@example.org' } })

let server: Server | undefined
afterEach(() => new Promise((resolve) => (server?.listening ? server.close(resolve) : resolve(undefined))))

/** A receiver on this machine. */
async function receiver(status = 204, headers: Record<string, string> = {}) {
  const requests: { headers: IncomingHttpHeaders; body: string; path: string | undefined }[] = []
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      requests.push({ headers: request.headers, body: Buffer.concat(chunks).toString(), path: request.url })
      response.writeHead(status, headers)
      response.end(status === 204 ? undefined : 'something')
    })
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  return { url, requests }
}

function post(url: string, secrets: string | string[] = secret, signal = new AbortController().signal) {
  const sink = createWebhookSink(
    { clock: createManualClock(now) },
    { url, secret: secrets, headers: { 'x-key': 'k' } },
  )
  return (async () => sink(event, { text, signal }))()
}

describe('a webhook', () => {
  test('is JSON with an id, a time and a signature', async () => {
    const { url, requests } = await receiver()
    await post(url, [secret, older])
    const [{ headers, body, path } = { headers: {}, body: '', path: '' }] = requests
    expect({ body, path, key: headers['x-key'] }).toEqual({ body: text, path: '/hook', key: 'k' })
    expect(headers['content-type']).toBe('application/json')
    for (const one of [secret, older]) verifyWebhook(one, headers, body, { now })
  })

  test.each([
    { status: 204, result: undefined },
    { status: 200, result: undefined },
    { status: 500, result: { code: 'outbox/unreachable' } },
    {
      status: 429,
      headers: { 'retry-after': '7' },
      result: { code: 'outbox/unreachable', retryAfterMs: 7000 },
    },
    {
      status: 503,
      headers: { 'retry-after': new Date(now + 9000).toUTCString() },
      result: { code: 'outbox/unreachable', retryAfterMs: 9000 },
    },
    { status: 503, headers: { 'retry-after': 'soon' }, result: { retryAfterMs: undefined } },
    { status: 404, result: { code: 'outbox/refused' } },
    { status: 302, headers: { location: 'http://127.0.0.1:1/' }, result: { code: 'outbox/refused' } },
  ])('$status means what it says', async ({ status, headers, result }) => {
    const { url, requests } = await receiver(status, headers)
    const outcome = await post(url).then(
      () => undefined,
      (error: unknown) => error,
    )
    if (result === undefined) expect(outcome).toBeUndefined()
    else expect(outcome).toMatchObject(result)
    expect(requests).toHaveLength(1)
  })

  test('nobody there, and no time', async () => {
    const { url } = await receiver()
    await new Promise((resolve) => server?.close(resolve))
    await expect(post(url)).rejects.toMatchObject({ code: 'outbox/unreachable' })
    const over = AbortSignal.abort(new Error('too long'))
    await expect(post(url, secret, over)).rejects.toThrow('too long')
  })

  test.each(['ftp://example.org/', 'nonsense', 'https://user:pass@example.org/'])(
    'SEC-33: %s is no URL for one',
    (url) => {
      expect(() => createWebhookSink({ clock: createManualClock(now) }, { url, secret })).toThrow()
    },
  )
})

describe('a signature', () => {
  const signed = { id: 'evt-1', timestamp: now / 1000, body: text }
  const headers = {
    'webhook-id': signed.id,
    'webhook-timestamp': String(signed.timestamp),
    'webhook-signature': `v1,AAAA ${signWebhook(webhookKey(secret), signed)}`,
  }

  test('holds for the whole request, and for a while', () => {
    const check = (more: object = {}, body = text, at = now) =>
      verifyWebhook(secret, { ...headers, ...more }, body, { now: at })
    expect(() => check()).not.toThrow()
    expect(() => check({}, text, now + 299_000)).not.toThrow()
    for (const at of [now + 301_000, now - 301_000]) expect(() => check({}, text, at)).toThrow('too old')
    expect(() => check({}, `${text} `)).toThrow('not signed')
    expect(() => check({ 'webhook-id': 'evt-2' })).toThrow('not signed')
    expect(() => check({ 'webhook-timestamp': String(signed.timestamp + 1) })).toThrow('not signed')
    expect(() => check({ 'webhook-signature': undefined })).toThrow('not signed')
    expect(() => verifyWebhook(older, headers, text, { now })).toThrow('not signed')
  })

  // Vector of the Standard Webhooks scheme.
  test('is the one other software knows', () => {
    const key = Buffer.from('plJ3nmyCDGBKInavdOK15jsl', 'base64')
    const payload = '{"event_type":"ping","data":{"success":true}}'
    const signature = signWebhook(key, { id: 'msg_loFOjxBNrRLzqYUf', timestamp: 1731705121, body: payload })
    expect(signature).toBe('v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=')
  })

  test.each(['', 'secret', 'whsec_', 'whsec_AAAA', `whsec_${'A'.repeat(200)}`, 'whsec_!!!'])(
    'needs a secret of some length, not %j',
    (bad) => {
      expect(() => webhookKey(bad)).toThrow('24 to 64 random bytes')
    },
  )
})
