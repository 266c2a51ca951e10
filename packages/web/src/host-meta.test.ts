import { parseElement } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { WebError } from './errors.js'
import type { WebOptions } from './web.js'
import { openRig } from './web-rig.js'

const behind = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'Chat.example' }

async function ask(options: WebOptions, path = '', init: RequestInit = {}) {
  await using rig = await openRig({ trustedProxies: ['127.0.0.1'], ...options })
  const answer = await fetch(rig.url(`/.well-known/host-meta${path}`), { headers: behind, ...init })
  return { status: answer.status, headers: answer.headers, text: await answer.text() }
}

const websocket = { rel: 'urn:xmpp:alt-connections:websocket', href: 'wss://chat.example/xmpp-websocket' }
const bosh = { rel: 'urn:xmpp:alt-connections:xbosh', href: 'https://chat.example/http-bind' }

describe('host-meta', () => {
  test('XEP-0156: says where both are, as XRD and as JSON, to whatever page asks', async () => {
    const xrd = await ask({})
    const read = parseElement(xrd.text)
    const links = read.children.map((_, at) => ['rel', 'href'].map((name) => read.childAt(at).attr(name)))
    expect([read.name, read.ns]).toEqual(['XRD', 'http://docs.oasis-open.org/ns/xri/xrd-1.0'])
    expect(links).toEqual([websocket, bosh].map(({ rel, href }) => [rel, href]))
    expect(xrd.headers.get('content-type')).toMatch(/^application\/xrd\+xml/)
    const json = await ask({}, '.json')
    expect(JSON.parse(json.text)).toEqual({ links: [websocket, bosh] })
    for (const { headers } of [xrd, json]) {
      expect(headers.get('access-control-allow-origin')).toBe('*')
      expect(headers.get('cache-control')).toBe('max-age=3600')
    }
  })

  test('XEP-0156: tells nobody who asks without TLS, unless it knows where TLS is', async () => {
    expect((await ask({ trustedProxies: [] }, '.json')).status).toBe(404)
    const known = await ask({ trustedProxies: [], hostMeta: { publicUrl: 'https://chat.example/' } }, '.json')
    expect(JSON.parse(known.text)).toEqual({ links: [websocket, bosh] })
  })

  test.each(['evil.example/x', "x'><script>", 'a b', ''])(
    'a host that is none (%j) is not repeated',
    async (host) => {
      const answer = await ask({}, '.json', { headers: { ...behind, 'X-Forwarded-Host': host } })
      expect(answer.text).not.toContain('script')
      expect([404, 200]).toContain(answer.status)
      if (host !== '') expect(answer.status).toBe(404)
    },
  )

  test('tells of what is served, and where', async () => {
    const options: WebOptions = { websocket: { path: '/ws' }, bosh: { enabled: false } }
    expect(JSON.parse((await ask(options, '.json')).text)).toEqual({
      links: [{ ...websocket, href: 'wss://chat.example/ws' }],
    })
  })

  test('XEP-0487: tells everything, where everything is known', async () => {
    const reachable = {
      ips: ['192.0.2.1', '2001:db8::1'],
      tlsPort: 443,
      ech: 'eA==',
      publicKeyPins: ['cGlu'],
    }
    const { text } = await ask({ hostMeta: { reachable, ttlSeconds: 60 } }, '.json')
    const how = { ips: reachable.ips, priority: 10, weight: 50, sni: 'chat.example', ech: 'eA==' }
    expect(JSON.parse(text)).toEqual({
      xmpp: { ttl: 60, 'public-key-pins-sha-256': ['cGlu'] },
      links: [
        { ...websocket, ...how },
        { ...bosh, ...how },
        { rel: 'urn:xmpp:alt-connections:tls', port: 443, ...how },
      ],
    })
  })

  test('is the app’s where the app has one, and takes no posts', async () => {
    expect((await ask({ hostMeta: { enabled: false } })).text).toBe('app')
    expect((await ask({}, '', { method: 'POST' })).status).toBe(405)
  })

  test.each([{ publicUrl: 'http://chat.example' }, { publicUrl: 'chat' }, { reachable: { ips: [] } }])(
    'refuses %j',
    async (hostMeta) => {
      await expect(openRig({ hostMeta })).rejects.toThrow(WebError)
    },
  )
})
