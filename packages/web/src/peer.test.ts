import type { IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import { WebError } from './errors.js'
import { createPeerReader, markInsideMachine, tlsOf } from './peer.js'

function request(from: string | undefined, headers: Record<string, string> = {}): IncomingMessage {
  return { headers: { host: 'Chat.example:8080', ...headers }, socket: { remoteAddress: from } } as never
}

const proxies = ['10.0.0.0/8', '::1']

describe('W-4: who sent a request', () => {
  const read = createPeerReader({ trustedProxies: proxies })

  test('is whom the connection is from, where no proxy is trusted', () => {
    const headers = {
      'x-forwarded-for': '192.0.2.9',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'evil.example',
    }
    const peer = createPeerReader()(request('127.0.0.1', headers))
    expect(peer).toEqual({ address: '127.0.0.1', secure: false, proxied: false, host: 'chat.example:8080' })
  })

  test.each([
    ['nothing', {}, '10.1.1.1', false],
    [
      'TLS and an address',
      { 'x-forwarded-for': '192.0.2.9', 'x-forwarded-proto': 'https' },
      '192.0.2.9',
      true,
    ],
    ['no TLS', { 'x-forwarded-for': '192.0.2.9', 'x-forwarded-proto': 'http' }, '192.0.2.9', false],
    [
      'what the client made up as well',
      { 'x-forwarded-for': '1.1.1.1, 192.0.2.9', 'x-forwarded-proto': 'http' },
      '192.0.2.9',
      false,
    ],
    [
      'that another proxy called it, which was called over TLS',
      { 'x-forwarded-for': '192.0.2.9, 10.2.2.2', 'x-forwarded-proto': 'https, http' },
      '192.0.2.9',
      true,
    ],
    [
      'that another proxy called it, where the client only claims TLS',
      { 'x-forwarded-for': '192.0.2.9, 10.2.2.2', 'x-forwarded-proto': 'https, http, http' },
      '192.0.2.9',
      false,
    ],
    ['that the client is a proxy itself', { 'x-forwarded-for': '10.9.9.9' }, '10.9.9.9', false],
    [
      'an address that is none',
      { 'x-forwarded-for': 'unknown', 'x-forwarded-proto': 'HTTPS' },
      '10.1.1.1',
      true,
    ],
  ])('is what a trusted proxy says: %s', (_what, headers, address, secure) => {
    expect(read(request('10.1.1.1', headers))).toMatchObject({ address, secure, proxied: true })
  })

  test('asked for the host the proxy was asked for', () => {
    expect(read(request('::1', { 'x-forwarded-host': 'App.example' })).host).toBe('app.example')
    expect(read(request('::1')).host).toBe('chat.example:8080')
  })

  test('over a Unix socket is this machine', () => {
    expect(read(request(undefined)).address).toBe('127.0.0.1')
    const local = createPeerReader({ trustedProxies: ['127.0.0.1'] })
    expect(local(request(undefined, { 'x-forwarded-for': '192.0.2.9' })).address).toBe('192.0.2.9')
  })

  test('whose TLS ends at a proxy has no channel to bind to', () => {
    const asked = request('10.1.1.1', { 'x-forwarded-proto': 'https' })
    expect(tlsOf(asked, read(asked))).toEqual({ protocol: 'unknown' })
    expect(tlsOf(request('10.1.1.1'), read(request('10.1.1.1')))).toBeUndefined()
  })

  test.each([
    ['under its own name', { host: 'localhost:5280' }, true],
    ['by its address', { host: '127.0.0.1:5280' }, true],
    ['under a name of the outside', { host: 'chat.example' }, false],
    ['through a proxy', { host: 'localhost:5280', 'x-forwarded-for': '192.0.2.9' }, false],
  ])('on a connection inside the machine, %s, is secure: %s %s', (_how, headers, secure) => {
    const asked = request('127.0.0.1', headers)
    expect(createPeerReader()(asked).secure).toBe(false)
    markInsideMachine(asked.socket)
    expect(createPeerReader()(asked).secure).toBe(secure)
  })

  test('a network that is none is refused', () => {
    expect(() => createPeerReader({ trustedProxies: ['10.0.0.0/99'] })).toThrow(WebError)
  })
})
