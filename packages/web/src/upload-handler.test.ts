import { once } from 'node:events'
import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { createManualClock, type Logger } from '@xmppkit/runtime'
import { createMemoryFiles, type FileStore, UploadError, type UploadedFile } from '@xmppkit/upload'
import { afterEach, describe, expect, test } from 'vitest'
import { createUploadHandler } from './upload-handler.js'
import type { UploadHandlerOptions } from './upload-options.js'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const undo of cleanups.splice(0).reverse()) await undo()
})

const day = 24 * 60 * 60 * 1000

/** A server with one slot, `/upload/example.org/1-abc/rose.png` for five bytes, and an app behind it. */
async function serve(options: UploadHandlerOptions = {}, more: { type?: string; store?: FileStore } = {}) {
  const { type = 'image/png', store = createMemoryFiles() } = more
  const clock = createManualClock(Date.UTC(2026, 0, 31))
  const logged: string[] = []
  const note = (message: string) => void logged.push(message)
  const logger: Logger = { debug() {}, info() {}, warn: note, error: note, child: () => logger }
  let stored: UploadedFile | undefined
  const handler = createUploadHandler(
    {
      clock,
      logger,
      uploadOf: (domain) =>
        domain === 'example.org'
          ? {
              async receive({ id, filename }, file) {
                if (id !== '1-abc' || filename !== 'rose.png')
                  throw new UploadError('upload/no-file', 'no such slot')
                if (stored) throw new UploadError('upload/taken', 'taken')
                if (file.size !== 5) throw new UploadError('upload/wrong-size', 'the slot is for 5 bytes')
                if (file.type !== undefined && file.type !== type)
                  throw new UploadError('upload/wrong-type', 'wrong type')
                await store.write('a', { ...file, type })
                const expiresAt = clock.now() + day
                stored = { filename, size: 5, type, expiresAt, open: (range) => store.read('a', range) }
              },
              find: async ({ id }) => (id === '1-abc' ? stored : undefined),
            }
          : undefined,
    },
    options,
  )
  const server = createServer((request, response) => {
    if (!handler.handleRequest(request, response)) response.end('the app')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  cleanups.push(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}/upload/example.org/1-abc/rose.png`
  const put = (body: string, headers: Record<string, string> = {}, to = url) =>
    fetch(to, { method: 'PUT', body, headers: { 'Content-Type': type, ...headers } })
  return { url, port, clock, logged, put }
}

describe('XEP-0363 §7: uploads', () => {
  test('a file is put once, and got with its length and type; the app keeps its own paths', async () => {
    const { url, put, port } = await serve()
    expect((await fetch(url)).status).toBe(404)
    expect((await put('bytes')).status).toBe(201)
    const got = await fetch(url)
    expect(got.status).toBe(200)
    expect(await got.text()).toBe('bytes')
    expect(got.headers.get('content-type')).toBe('image/png')
    expect(got.headers.get('content-length')).toBe('5')
    expect(got.headers.get('cache-control')).toBe('private, max-age=86400, immutable')
    expect((await put('other')).status).toBe(409)
    expect(await (await fetch(`http://127.0.0.1:${port}/uploads`)).text()).toBe('the app')
    const head = await fetch(url, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '5', ''])
  })

  test('UPLOAD-1: what does not fit the slot is refused, and the slot remains', async () => {
    const { put, url } = await serve()
    expect((await put('four')).status).toBe(400)
    expect((await put('bytes', { 'Content-Type': 'text/html' })).status).toBe(415)
    expect((await put('bytes', {}, url.replace('1-abc', '1-abd'))).status).toBe(404)
    expect((await put('bytes', {}, url.replace('example.org', 'example.net'))).status).toBe(404)
    expect((await put('bytes')).status).toBe(201)
  })

  test('a length must be told', async () => {
    const { url } = await serve()
    const request = httpRequest(url, { method: 'PUT', headers: { 'Transfer-Encoding': 'chunked' } })
    request.end('bytes')
    const [response] = await once(request, 'response')
    expect(response.statusCode).toBe(411)
  })

  test.each([
    '',
    '/',
    '/example.org',
    '/example.org/1-abc',
    '/example.org/1-abc/',
    '/example.org/1-abc/a/b',
    '/%ff/1/a',
  ])('/upload%s is nothing', async (path) => {
    const { port } = await serve()
    const response = await fetch(`http://127.0.0.1:${port}/upload${path}`)
    expect([response.status, await response.text()]).toEqual(path === '' ? [200, 'the app'] : [404, ''])
  })

  test('other methods are refused; pages of other origins are told what they may', async () => {
    const { url } = await serve()
    const refused = await fetch(url, { method: 'DELETE' })
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS, PUT'])
    const asked = await fetch(url, { method: 'OPTIONS' })
    expect(asked.status).toBe(204)
    expect(asked.headers.get('access-control-allow-origin')).toBe('*')
    expect(asked.headers.get('access-control-allow-methods')).toContain('PUT')
    expect(asked.headers.get('access-control-allow-credentials')).toBeNull()
  })

  test('an uploader that goes away leaves nothing and frees its place', async () => {
    const store = createMemoryFiles()
    let broke = () => {}
    const broken = new Promise<void>((resolve) => {
      broke = resolve
    })
    const { url, port, put } = await serve(
      { maxUploads: 1 },
      {
        store: {
          ...store,
          write: (name, file) =>
            store.write(name, file).catch((error) => Promise.reject(error).finally(broke)),
        },
      },
    )
    const socket = connect(port, '127.0.0.1')
    socket.write(`PUT ${new URL(url).pathname} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nby`)
    await expect.poll(() => put('bytes').then(({ status }) => status)).toBe(503)
    socket.destroy()
    await broken
    await expect.poll(() => put('bytes').then(({ status }) => status)).toBe(201)
  })
})

describe('RFC 9110: parts of files', () => {
  test.each([
    ['bytes=0-1', 206, 'by', 'bytes 0-1/5'],
    ['bytes=3-', 206, 'es', 'bytes 3-4/5'],
    ['bytes=-2', 206, 'es', 'bytes 3-4/5'],
    ['bytes=-20', 206, 'bytes', 'bytes 0-4/5'],
    ['bytes=2-200', 206, 'tes', 'bytes 2-4/5'],
    ['bytes=5-', 416, '', 'bytes */5'],
    ['bytes=-0', 416, '', 'bytes */5'],
    ['bytes=2-1', 200, 'bytes', null],
    ['bytes=0-0,2-2', 200, 'bytes', null],
    ['lines=1-2', 200, 'bytes', null],
  ])('%s', async (range, status, text, contentRange) => {
    const { url, put } = await serve()
    await put('bytes')
    const got = await fetch(url, { headers: { Range: range } })
    expect([got.status, await got.text(), got.headers.get('content-range')]).toEqual([
      status,
      text,
      contentRange,
    ])
  })

  test('who has a file is not sent it again', async () => {
    const { url, put } = await serve()
    await put('bytes')
    const etag = (await fetch(url)).headers.get('etag')!
    expect((await fetch(url, { headers: { 'If-None-Match': etag } })).status).toBe(304)
    const changed = { Range: 'bytes=0-1', 'If-Range': '"other"' }
    expect((await fetch(url, { headers: changed })).status).toBe(200)
    expect((await fetch(url, { headers: { ...changed, 'If-Range': etag } })).status).toBe(206)
  })
})

describe('UPLOAD-1 SEC-27: no file is run in this site’s name', () => {
  test.each([
    ['image/png', 'inline'],
    ['video/mp4', 'inline'],
    ['text/plain; charset=utf-8', 'inline'],
    ['image/svg+xml', 'attachment'],
    ['text/html', 'attachment'],
    ['application/xhtml+xml', 'attachment'],
    ['text/plainly', 'attachment'],
  ])('%s is %s, sandboxed, and never sniffed', async (type, disposition) => {
    const { url, put } = await serve({}, { type })
    await put('bytes')
    const { headers } = await fetch(url)
    expect(headers.get('content-disposition')).toBe(`${disposition}; filename*=UTF-8''rose.png`)
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(headers.get('content-security-policy')).toContain('sandbox')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  })

  test('a type that is none is not passed on', async () => {
    const { url, put } = await serve({}, { type: 'text/html, x: y' })
    await put('bytes')
    expect((await fetch(url)).headers.get('content-type')).toBe('application/octet-stream')
  })
})

describe('SEC-28: who holds a connection and does nothing', () => {
  test.each([
    ['sends no more', { idleTimeoutMs: 1000 }],
    ['takes for ever', { maxUploadMs: 1000 }],
  ])('is let go: %s', async (_, options) => {
    const { url, port, clock, put } = await serve({ maxUploads: 1, ...options })
    const socket = connect(port, '127.0.0.1')
    socket.write(`PUT ${new URL(url).pathname} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nby`)
    await expect.poll(() => put('bytes').then(({ status }) => status)).toBe(503)
    await clock.advance(1000)
    await once(socket, 'close')
    await expect.poll(() => put('bytes').then(({ status }) => status)).toBe(201)
    expect(clock.timers).toBe(0)
  })
})

test('a store that fails is told to the log, not to the uploader', async () => {
  const store = { ...createMemoryFiles(), write: () => Promise.reject(new Error('secret path')) }
  const { put, logged } = await serve({}, { store })
  const failed = await put('bytes')
  expect([failed.status, await failed.text()]).toEqual([500, ''])
  expect(logged).toEqual(['a request for a file failed'])
})
