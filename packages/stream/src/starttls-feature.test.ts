import { describe, expect, test } from 'vitest'
import { fakeTransport } from './fake-transport.js'
import {
  answer,
  bindFeature,
  bye,
  error,
  established,
  hello,
  login,
  loginFeature,
  loginOnly,
  open,
} from './server-rig.js'
import type { StreamHost } from './server-stream.js'
import { starttlsFeature } from './starttls-feature.js'

describe('STARTTLS', () => {
  const tls = { protocol: 'TLSv1.3' }
  const ns = 'urn:ietf:params:xml:ns:xmpp-tls'
  const tlsHost = (required: boolean): StreamHost => ({
    features: () => [starttlsFeature({ required }), loginFeature, bindFeature],
  })
  const plain = () => fakeTransport({ canStartTls: true })
  const failure = `<failure xmlns="${ns}"/>${bye}`

  test('T-1: while TLS is required nothing else is listed', async () => {
    const rig = open({ transport: plain(), host: tlsHost(true) })
    rig.feed(hello)
    expect(await rig.heard()).toBe(
      `${answer('s1')}<stream:features><starttls xmlns="${ns}"><required/></starttls></stream:features>`,
    )
  })

  test('T-1: where it is voluntary, the others are listed too', async () => {
    const rig = open({ transport: plain(), host: tlsHost(false) })
    rig.feed(hello)
    expect(await rig.heard()).toBe(
      `${answer('s1')}<stream:features><starttls xmlns="${ns}"/><mechanisms xmlns="${login}"/></stream:features>`,
    )
  })

  test('T-1 SEC-7: where TLS is required and there is none, nothing is listed at all', async () => {
    const rig = open({ host: tlsHost(true) })
    rig.feed(`${hello}<login xmlns='${login}' user='ann'/>`)
    expect(await rig.heard()).toBe(
      `${answer('s1')}<stream:features/>${error('policy-violation', 'starttls comes first')}`,
    )
  })

  test('T-1 SEC-7: while TLS is required nothing else is negotiated', async () => {
    const rig = open({ transport: plain(), host: tlsHost(true) })
    rig.feed(`${hello}<login xmlns='${login}' user='ann'/>`)
    expect(await rig.heard()).toContain(error('policy-violation', 'starttls comes first'))
    expect(rig.stream.state.authenticated).toBeUndefined()
  })

  test('T-4: TLS is followed by a new stream on which it is not offered again', async () => {
    const rig = open({ transport: plain(), host: tlsHost(true) })
    rig.feed(hello)
    await rig.heard()
    rig.feed(`<starttls xmlns='${ns}'/>`)
    expect(await rig.heard()).toBe(`<proceed xmlns="${ns}"/>`)
    expect(rig.transport.calls).toEqual(['startTls example.com'])
    rig.stream.secured(tls)
    expect(await rig.heard()).toBe('')
    rig.feed(hello)
    expect(await rig.heard()).toBe(answer('s2') + loginOnly)
    expect(rig.stream.state).toMatchObject({ secure: true, canStartTls: false, tls })
  })

  test('T-3 SEC-7: clear text behind the request is never looked at', async () => {
    const rig = open({ transport: plain(), host: tlsHost(true) })
    rig.feed(`${hello}<starttls xmlns='${ns}'/><login xmlns='${login}' user='eve'/>`)
    await rig.heard()
    rig.feed(`${hello}<login xmlns='${login}' user='eve'/>`)
    rig.stream.secured(tls)
    expect(await rig.heard()).toBe('')
    expect(rig.stream.state.authenticated).toBeUndefined()
    rig.feed(hello)
    expect(await rig.heard()).toBe(answer('s2') + loginOnly)
  })

  test('the first bytes over TLS may come before the feature has noticed', async () => {
    const rig = open({ transport: plain(), host: tlsHost(true) })
    rig.feed(`${hello}<starttls xmlns='${ns}'/>`)
    await rig.heard()
    rig.stream.secured(tls)
    rig.feed(hello)
    expect(await rig.heard()).toBe(answer('s2') + loginOnly)
  })

  test.each([
    ['with content', `<starttls xmlns='${ns}'><a/></starttls>`],
    ['with text', `<starttls xmlns='${ns}'>now</starttls>`],
    ['another element of its namespace', `<proceed xmlns='${ns}'/>`],
  ])('T-2: a malformed request (%s) gets a failure and the end of the connection', async (_, input) => {
    const rig = open({ transport: plain(), host: tlsHost(true) })
    rig.feed(hello)
    await rig.heard()
    rig.feed(input)
    expect(await rig.heard()).toBe(failure)
    expect(rig.transport.calls).toEqual(['end'])
  })

  test('T-2 T-4: TLS inside TLS is refused', async () => {
    const rig = open({ transport: fakeTransport({ tls }), host: tlsHost(true) })
    rig.feed(hello)
    expect(await rig.heard()).toBe(answer('s1') + loginOnly)
    rig.feed(`<starttls xmlns='${ns}'/>`)
    expect(await rig.heard()).toBe(failure)
    expect(rig.transport.calls).toEqual(['end'])
  })

  test('T-2: TLS asked for on an established stream is refused', async () => {
    const rig = await established()
    rig.feed(`<starttls xmlns='${ns}'/>`)
    expect(await rig.heard()).toBe(failure)
    expect(rig.ends.length).toBe(1)
  })

  test('T-5: a failed handshake ends without a word', async () => {
    const rig = open({ transport: plain(), host: tlsHost(true) })
    rig.feed(`${hello}<starttls xmlns='${ns}'/>`)
    await rig.heard()
    rig.stream.disconnected(new Error('handshake failure'))
    expect(await rig.heard()).toBe('')
    expect(rig.ends).toMatchObject([
      { by: 'transport', clean: false, cause: { message: 'handshake failure' } },
    ])
    expect(rig.errors).toEqual([])
  })

  test('T-5 SEC-30: so does one that takes too long', async () => {
    const rig = open({ transport: plain(), host: tlsHost(true) })
    rig.feed(`${hello}<starttls xmlns='${ns}'/>`)
    await rig.heard()
    await rig.clock.advance(30_000)
    expect(await rig.heard()).toBe('')
    expect(rig.transport.calls).toEqual(['startTls example.com', 'destroy'])
  })
})
