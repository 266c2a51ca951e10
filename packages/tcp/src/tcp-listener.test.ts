import { createHash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { createManualClock, silentLogger, systemClock } from '@xmppkit/runtime'
import type { ConnectionSink, TlsInfo, Transport } from '@xmppkit/stream'
import type { Wire } from '@xmppkit/xml'
import { generate } from 'selfsigned'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type CertificatePair, type Certificates, createCertificates } from './certificates.js'
import { createDevelopmentCertificate } from './development-certificate.js'
import { listenTcp, type TcpListenerOptions } from './tcp-listener.js'

let pair: CertificatePair
let other: CertificatePair
beforeAll(async () => {
  pair = await createDevelopmentCertificate({ domains: ['one.test', '*.wild.test'], now: systemClock.now() })
  other = await createDevelopmentCertificate({ domains: ['two.test'], now: systemClock.now() })
})

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const undo of cleanups.splice(0).reverse()) await undo()
})

/** A sink that answers `STARTTLS <name>`, echoes everything else and keeps what it saw. */
function echo(onAccept?: (transport: Transport) => void) {
  const seen: string[] = []
  const secured: TlsInfo[] = []
  const ended = deferred()
  const accept = (transport: Transport): ConnectionSink => {
    onAccept?.(transport)
    return sinkOf(transport)
  }
  const sinkOf = (transport: Transport): ConnectionSink => ({
    receive(chunk) {
      const text = Buffer.from(chunk).toString('latin1')
      seen.push(text)
      if (text.startsWith('STARTTLS ')) {
        transport.write('proceed' as Wire)
        transport.startTls?.(text.slice('STARTTLS '.length).split('\n')[0]!)
      } else if (text === 'bye') transport.end()
      else transport.write(`${transport.tls?.protocol ?? 'plain'}:${text}` as Wire)
    },
    secured: (tls) => secured.push(tls),
    drained() {},
    disconnected: (error) => ended.resolve(error),
  })
  return { accept, seen, secured, ended: ended.promise }
}

function deferred() {
  let resolve: (error: Error | undefined) => void = () => {}
  const promise = new Promise<Error | undefined>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

interface StartOptions extends Partial<TcpListenerOptions> {
  certificates?: Certificates
  onAccept?: (transport: Transport) => void
}

async function start(options: StartOptions = {}) {
  const {
    certificates = await createCertificates({ load: async () => [pair, other] }),
    onAccept,
    ...rest
  } = options
  const clock = createManualClock()
  const sink = echo(onAccept)
  const listener = await listenTcp(
    { accept: sink.accept, certificates, logger: silentLogger, clock },
    { host: '127.0.0.1', port: 0, ...rest },
  )
  cleanups.push(() => listener.close())
  return { listener, clock, certificates, ...sink }
}

async function dial(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port })
  cleanups.push(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

async function dialTls(options: {
  port?: number
  socket?: Duplex
  servername?: string
  ALPNProtocols?: string[]
  maxVersion?: 'TLSv1.2' | 'TLSv1.1'
  session?: Buffer
  cert?: string
  key?: string
}): Promise<TLSSocket> {
  const socket = connectTls({ host: '127.0.0.1', rejectUnauthorized: false, minVersion: 'TLSv1', ...options })
  cleanups.push(() => socket.destroy())
  await once(socket, 'secureConnect')
  return socket
}

/** Types of the handshake messages in clear text records of TLS (RFC 5246 §6.2.1, §7.4). */
function handshakeTypes(records: Buffer): number[] {
  const fragments: Buffer[] = []
  for (let at = 0; at + 5 <= records.length && records[at] === 22; ) {
    const end = at + 5 + records.readUInt16BE(at + 3)
    fragments.push(records.subarray(at + 5, end))
    at = end
  }
  const messages = Buffer.concat(fragments)
  const types: number[] = []
  for (let at = 0; at + 4 <= messages.length; at += 4 + messages.readUIntBE(at + 1, 3)) {
    types.push(messages[at]!)
  }
  return types
}

const read = async (socket: Socket) => String((await once(socket, 'data'))[0])
const certificateName = (socket: TLSSocket) => String(socket.getPeerCertificate().subject.CN)

describe('plain connections', () => {
  test('bytes go both ways and the end is told once', async () => {
    const { listener, ended } = await start({ tls: 'none' })
    const client = await dial(listener.port)
    client.write('hello')
    expect(await read(client)).toBe('plain:hello')
    client.write('bye')
    await once(client, 'end')
    client.end()
    expect(await ended).toBeUndefined()
    expect(listener.connections).toBe(0)
  })

  test('a client that half-closes still gets what was written to it', async () => {
    const { listener, ended } = await start({ tls: 'none' })
    const client = await dial(listener.port)
    client.end('last words')
    expect(await read(client)).toBe('plain:last words')
    await ended
  })

  test.each(['none', 'starttls', 'direct'] as const)(
    'SEC-2: connections that are reset before anybody looks at them harm nobody: %s',
    async (tls) => {
      const { listener } = await start({ tls })
      const reset = async () => {
        const socket = connect({ host: '127.0.0.1', port: listener.port })
        socket.once('connect', () => socket.resetAndDestroy())
        await once(socket, 'close')
      }
      // In the turn that accepts them they are gone already: many at once make sure of it.
      for (let round = 0; round < 20; round++) await Promise.all(Array.from({ length: 20 }, reset))
      await expect.poll(() => listener.connections).toBe(0)
    },
  )

  test('a listener on a port in use says what to do', async () => {
    const { listener } = await start({ tls: 'none' })
    await expect(start({ tls: 'none', port: listener.port })).rejects.toMatchObject({
      code: 'tcp/listen',
      message: expect.stringContaining('choose another port'),
    })
  })
})

describe('STARTTLS', () => {
  test('T-7: the certificate is chosen by the stream’s domain when the client names none', async () => {
    const { listener, secured } = await start()
    const socket = await dial(listener.port)
    socket.write('STARTTLS two.test')
    expect(await read(socket)).toBe('proceed')
    const client = await dialTls({ socket })
    expect(certificateName(client)).toBe('two.test')
    client.write('hi')
    expect(await read(client)).toBe('TLSv1.3:hi')
    expect(secured[0]!.exporter).toHaveLength(32)
  })

  test('A-16: both sides have the same channel bindings, of the certificate the client was shown', async () => {
    const { listener, secured } = await start()
    for (const servername of ['two.test', 'one.test']) {
      const socket = await dial(listener.port)
      socket.write('STARTTLS one.test')
      await read(socket)
      const client = await dialTls({ socket, servername })
      client.write('hi')
      await read(client)
      const exporter = client.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
      const { raw } = client.getPeerCertificate()
      expect(secured.at(-1)).toMatchObject({
        exporter,
        endPointHash: createHash('sha256').update(raw).digest(),
      })
    }
  })

  test('A-16: below TLS 1.3 there is no exporter, and the certificate remains', async () => {
    const { listener, secured } = await start()
    const socket = await dial(listener.port)
    socket.write('STARTTLS one.test')
    await read(socket)
    const client = await dialTls({ socket, servername: 'one.test', maxVersion: 'TLSv1.2' })
    client.write('hi')
    expect(await read(client)).toBe('TLSv1.2:hi')
    expect([secured[0]?.exporter, secured[0]?.endPointHash?.length]).toEqual([undefined, 32])
  })

  test('T-5: a failed handshake closes the connection without another byte', async () => {
    const { listener, ended } = await start()
    const socket = await dial(listener.port)
    socket.write('STARTTLS one.test')
    expect(await read(socket)).toBe('proceed')
    const rest: Buffer[] = []
    socket.on('data', (chunk) => rest.push(chunk))
    socket.write('<presence/>')
    await once(socket, 'close')
    expect(await ended).toMatchObject({ code: 'tcp/handshake' })
    expect(Buffer.concat(rest).toString('latin1')).not.toContain('<')
  })

  test('T-3 NODE-6: cleartext after STARTTLS never reaches the stream', async () => {
    const { listener, seen, ended } = await start()
    const socket = await dial(listener.port)
    socket.write('STARTTLS one.test')
    await read(socket)
    socket.write('smuggled')
    await ended
    expect(seen.join('')).not.toContain('smuggled')
  })

  test('S-14: a handshake that never comes is ended', async () => {
    const { listener, clock, ended } = await start({ handshakeTimeoutMs: 5_000 })
    const socket = await dial(listener.port)
    socket.write('STARTTLS one.test')
    await read(socket)
    await clock.advance(5_000)
    expect(await ended).toMatchObject({ code: 'tcp/handshake' })
  })
})

describe('certificates of clients', () => {
  const made = async () =>
    generate([{ name: 'commonName', value: 'juliet' }], { keyType: 'ec', algorithm: 'sha256' })
  const shown = async (client: { cert: string; private: string } | undefined, clientAuthorities?: string) => {
    const options = clientAuthorities === undefined ? {} : { clientAuthorities }
    const certificates = await createCertificates({ load: async () => [pair] }, options)
    const accepted: (TlsInfo | undefined)[] = []
    const { listener } = await start({
      tls: 'direct',
      certificates,
      onAccept: (transport) => accepted.push(transport.tls),
    })
    const own = client && { cert: client.cert, key: client.private }
    const socket = await dialTls({ port: listener.port, ...own })
    socket.write('hi')
    await read(socket)
    return accepted[0]
  }

  test('T-11: are not asked for where no authority vouches for clients', async () => {
    expect(await shown(await made())).not.toHaveProperty('peerCertificate')
  })

  test('A-19: are verified against those authorities; who has none or another gets in to log in otherwise', async () => {
    const [known, stranger] = [await made(), await made()]
    expect(await shown(known, known.cert)).toMatchObject({ peerVerified: true })
    expect(await shown(stranger, known.cert)).toMatchObject({ peerVerified: false })
    expect(await shown(undefined, known.cert)).not.toHaveProperty('peerCertificate')
    const { peerCertificate } = (await shown(known, known.cert)) ?? {}
    expect(peerCertificate).toEqual(new X509Certificate(known.cert).raw)
  })
})

describe('direct TLS (XEP-0368)', () => {
  test('T-7: SNI chooses the certificate: exact name, wildcard, else the first', async () => {
    const { listener } = await start({ tls: 'direct' })
    const names = ['two.test', 'one.test', 'a.wild.test', 'unknown.test']
    const served: string[] = []
    for (const servername of names) {
      served.push(certificateName(await dialTls({ port: listener.port, servername })))
    }
    expect(served).toEqual(['two.test', 'one.test', 'one.test', 'one.test'])
  })

  test('T-4: the stream is secure from its first byte and cannot be upgraded again', async () => {
    const certificates = await createCertificates({ load: async () => [pair] })
    const transport = deferred()
    let offered: boolean | undefined
    const listener = await listenTcp(
      {
        certificates,
        logger: silentLogger,
        clock: createManualClock(),
        accept(accepted) {
          offered = accepted.canStartTls
          transport.resolve(undefined)
          return { receive() {}, secured() {}, drained() {}, disconnected() {} }
        },
      },
      { host: '127.0.0.1', port: 0, tls: 'direct' },
    )
    cleanups.push(() => listener.close())
    await dialTls({ port: listener.port, ALPNProtocols: ['xmpp-client'] })
    await transport.promise
    expect(offered).toBe(false)
  })

  test('what is written early goes in pieces that fit a small buffer, whole and in order', async () => {
    const features = Array.from({ length: 400 }, (_, at) => String(at)).join(' ') as Wire
    const landed = deferred()
    const { listener } = await start({
      tls: 'direct',
      onAccept(transport) {
        transport.write(features)
        transport.flushed(() => landed.resolve(undefined))
        transport.write(features)
        transport.write(' and the rest' as Wire)
        transport.end()
      },
    })
    const client = await dialTls({ port: listener.port })
    const chunks: string[] = []
    client.on('data', (chunk) => chunks.push(String(chunk)))
    await once(client, 'end')
    expect(chunks.join('')).toBe(`${features}${features} and the rest`)
    await landed.promise
  })

  test('a client is given the features piece by piece', async () => {
    const { listener } = await start({
      tls: 'direct',
      onAccept: (transport) => transport.write('x'.repeat(1600) as Wire),
    })
    const client = await dialTls({ port: listener.port })
    const lengths: number[] = []
    client.on('data', (chunk) => lengths.push(chunk.length))
    await expect.poll(() => lengths.reduce((sum, length) => sum + length, 0)).toBe(1600)
    expect(Math.max(...lengths)).toBeLessThanOrEqual(720)
  })

  test('T-12: ALPN: xmpp-client is chosen, another protocol is refused', async () => {
    const { listener } = await start({ tls: 'direct' })
    const client = await dialTls({ port: listener.port, ALPNProtocols: ['xmpp-client'] })
    expect(client.alpnProtocol).toBe('xmpp-client')
    await expect(dialTls({ port: listener.port, ALPNProtocols: ['http/1.1'] })).rejects.toThrow()
  })

  test('T-6: TLS 1.1 is refused, 1.2 is served without renegotiation', async () => {
    const { listener } = await start({ tls: 'direct' })
    await expect(dialTls({ port: listener.port, maxVersion: 'TLSv1.1' })).rejects.toThrow()
    const client = await dialTls({ port: listener.port, maxVersion: 'TLSv1.2' })
    client.on('error', () => {})
    client.resume()
    const renegotiated = new Promise((resolve) => {
      client.renegotiate({ rejectUnauthorized: false }, (error) => resolve(error === null))
      client.once('close', () => resolve(false))
      client.write('anything')
    })
    expect(await renegotiated).toBe(false)
  })

  test('T-11: no client certificate is asked for', async () => {
    const { listener } = await start({ tls: 'direct' })
    const raw = await dial(listener.port)
    // What a server says in a handshake of TLS 1.2 can be read on the way.
    const heard: Buffer[] = []
    const tap = new Duplex({
      read() {},
      write: (chunk: Buffer, _encoding, done) => raw.write(chunk, () => done()),
    })
    raw.on('data', (chunk: Buffer) => {
      heard.push(chunk)
      tap.push(chunk)
    })
    const client = await dialTls({ socket: tap, maxVersion: 'TLSv1.2' })
    expect(client.getProtocol()).toBe('TLSv1.2')
    const [serverHello, certificate, certificateRequest, serverHelloDone] = [2, 11, 13, 14]
    const types = handshakeTypes(Buffer.concat(heard))
    expect(types).toEqual(expect.arrayContaining([serverHello, certificate, serverHelloDone]))
    expect(types).not.toContain(certificateRequest)
  })

  test('L-1: silent handshakes are ended and counted out', async () => {
    const { listener, clock } = await start({ tls: 'direct', handshakeTimeoutMs: 1_000 })
    const socket = await dial(listener.port)
    await expect.poll(() => listener.connections).toBe(1)
    await clock.advance(1_000)
    await once(socket, 'close')
    expect(listener.connections).toBe(0)
  })

  test('a listener that closes waits for no handshake', async () => {
    const { listener, clock } = await start({ tls: 'direct' })
    const up = await dialTls({ port: listener.port })
    const silent = await dial(listener.port)
    await expect.poll(() => listener.connections).toBe(2)
    const gone = once(silent, 'close')
    await listener.close()
    await gone
    expect([listener.connections, clock.timers]).toEqual([1, 0])
    up.write('still there')
    expect(String((await once(up, 'data'))[0])).toContain('still there')
  })
})

describe('certificates', () => {
  test.each([
    [false, {}],
    [true, { sessionTickets: true }],
  ])(
    'session tickets cost memory, and sessions are resumed only if asked for: %s',
    async (resumed, options) => {
      const certificates = await createCertificates({ load: async () => [pair] }, options)
      const { listener } = await start({ tls: 'direct', certificates })
      const first = await dialTls({ port: listener.port })
      const told = once(first, 'session')
      first.write('hello')
      const [session] = (await told) as [Buffer]
      const second = await dialTls({ port: listener.port, session })
      expect(second.isSessionReused()).toBe(resumed)
    },
  )

  test('a single certificate is served whatever name is asked for', async () => {
    const certificates = await createCertificates({ load: async () => [pair] })
    const { listener } = await start({ tls: 'direct', certificates })
    const client = await dialTls({ port: listener.port, servername: 'two.test' })
    expect(certificateName(client)).toBe('one.test')
  })

  test('T-7: a reload serves new handshakes and leaves connections up', async () => {
    let current = [pair]
    const certificates = await createCertificates({ load: async () => current })
    const { listener } = await start({ tls: 'direct', certificates })
    const before = await dialTls({ port: listener.port })
    current = [other]
    await certificates.reload()
    const after = await dialTls({ port: listener.port })
    expect([certificateName(before), certificateName(after)]).toEqual(['one.test', 'two.test'])
    before.write('still here')
    expect(await read(before)).toBe('TLSv1.3:still here')
  })

  test('a reload that fails keeps the former certificates', async () => {
    let current = [pair]
    const certificates = await createCertificates({ load: async () => current })
    current = [{ cert: pair.cert, key: other.key }]
    await expect(certificates.reload()).rejects.toMatchObject({ code: 'tcp/certificate' })
    expect(certificates.describe()[0]!.names).toContain('one.test')
  })
})

describe('L-1: limits by address', () => {
  test('L-1: connections of one address', async () => {
    const { listener } = await start({ tls: 'none', maxConnectionsPerAddress: 1 })
    const first = await dial(listener.port)
    const second = await dial(listener.port)
    await once(second, 'close')
    first.write('mine')
    expect(await read(first)).toBe('plain:mine')
  })

  test('L-1: connections of all addresses', async () => {
    const { listener } = await start({ tls: 'none', maxConnections: 1 })
    await dial(listener.port)
    await once(await dial(listener.port), 'close')
    expect(listener.connections).toBe(1)
  })
})
