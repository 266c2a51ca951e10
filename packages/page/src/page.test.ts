import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { silentLogger } from '@xmppkit/runtime'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPage } from './page.js'
import type { ServerFacts } from './server-facts.js'

const facts: ServerFacts = {
  software: { name: 'xmppkit', version: '1.2.3' },
  domains: ['chat.example', '<script>alert(1)</script>'],
  ports: [{ speaks: 'XMPP over TLS', port: 5223 }],
  uptimeSeconds: 7200,
  online: 234,
  xeps: ['0198'],
  registration: false,
  local: false,
}

let server: Server
let base: string
beforeAll(async () => {
  const page = createPage(
    { facts: () => facts, logger: silentLogger },
    { fileOrigins: ['https://files.example/upload'] },
  )
  server = createServer((request, response) => {
    if (!page.handleRequest(request, response)) response.writeHead(404).end('not ours')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

test('the landing page says what runs, escaped, and how many are there only by magnitude', async () => {
  const response = await fetch(`${base}/`)
  const text = await response.text()
  expect(text).toContain('chat.example is ready to talk')
  expect(text).toContain('Running for 2 hours')
  expect(text).toContain('100 or more')
  expect(text).not.toContain('234')
  expect(text).toContain('&lt;script&gt;alert(1)')
  expect(text).not.toMatch(/<script|onclick|style=/)
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
})

test('SEC-27: the chat page runs the scripts of this server alone, and loads from where files are', async () => {
  const response = await fetch(`${base}/chat?bosh`)
  const policy = response.headers.get('content-security-policy') ?? ''
  expect(policy).toContain("script-src 'self';")
  expect(policy).not.toMatch(/unsafe-eval|script-src[^;]*unsafe/)
  expect(policy).toContain("connect-src 'self' https://files.example;")
  expect(policy).toContain("frame-ancestors 'none'")
  const text = await response.text()
  expect(
    [...text.matchAll(/<script(?! type="application\/json")[^>]*>/g)].every(([tag]) =>
      tag.includes(' src="/'),
    ),
  ).toBe(true)
})

test('files of Converse.js are kept by browsers, sent packed, and nothing else of the disk is served', async () => {
  const [script] =
    /\/converse\/[\d.]+\/converse\.min\.js/.exec(await (await fetch(`${base}/chat`)).text()) ?? []
  const response = await fetch(`${base}${script}`, { headers: { 'Accept-Encoding': 'br' } })
  expect(response.headers.get('content-encoding')).toBe('br')
  expect(response.headers.get('cache-control')).toBe('max-age=31536000')
  expect((await response.text()).length).toBeGreaterThan(1_000_000)
  const etag = response.headers.get('etag') ?? ''
  expect((await fetch(`${base}${script}`, { headers: { 'If-None-Match': etag } })).status).toBe(304)

  const folder = script!.replace('converse.min.js', '')
  for (const name of ['../package.json', '..%2fpackage.json', 'converse.js', 'converse.min.js.map', '']) {
    expect((await fetch(`${base}${folder}${name}`)).status).toBe(404)
  }
})

test('other paths are for others, and nothing but reading is allowed', async () => {
  expect(await (await fetch(`${base}/cart`)).text()).toBe('not ours')
  const refused = await fetch(`${base}/chat`, { method: 'POST' })
  expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  const head = await fetch(`${base}/page.css`, { method: 'HEAD' })
  expect([head.status, await head.text()]).toEqual([200, ''])
})
