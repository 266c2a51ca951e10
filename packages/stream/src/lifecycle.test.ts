import { StreamError } from '@xmppkit/stanza'
import { wireFromText } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { fakeTransport, settled } from './fake-transport.js'
import {
  answer,
  bye,
  error,
  established,
  hello,
  host,
  login,
  loginFeature,
  loginOnly,
  open,
} from './server-rig.js'
import type { StreamFeature } from './stream-feature.js'

describe('goodbyes', () => {
  test('S-11: the closing tag of the peer is answered after what is queued, then the transport ends', async () => {
    const rig = await established()
    rig.stream.send(wireFromText('<message/>'), 'm')
    rig.feed(bye)
    expect(rig.transport.taken()).toBe(`<message/>${bye}`)
    expect(rig.transport.calls).toEqual(['end'])
    expect(rig.ends).toEqual([{ by: 'peer', clean: true }])
    expect(rig.outcomes).toEqual(['m delivered'])
    rig.stream.disconnected()
    expect(rig.gone).toBe(1)
    expect(rig.ends.length).toBe(1)
  })

  test('S-11: what came before the closing tag is handled first, whoever waits', async () => {
    let go = () => {}
    const wait = new Promise<void>((resolve) => {
      go = resolve
    })
    const rig = await established({ deps: { onElement: () => wait } })
    rig.feed(`<message/>${bye}`)
    await settled()
    expect(rig.ends).toEqual([])
    go()
    expect(await rig.heard()).toBe(bye)
    expect(rig.ends.length).toBe(1)
  })

  test('S-11: a goodbye of ours waits for the peer and handles what it still sends', async () => {
    const rig = await established()
    rig.stream.close()
    rig.stream.send(wireFromText('<late/>'), 'late')
    rig.feed('<message/>')
    expect(rig.elements).toEqual(['message'])
    expect(rig.ends).toEqual([])
    rig.feed(bye)
    expect(rig.transport.taken()).toBe(bye)
    expect(rig.ends).toEqual([{ by: 'local', clean: true }])
    expect(rig.outcomes).toEqual(['late failed'])
  })

  test('S-11: but not for ever, and neither for the end of the connection', async () => {
    const rig = await established()
    rig.stream.close()
    await rig.clock.advance(5_000)
    expect(rig.ends).toEqual([{ by: 'local', clean: true }])
    expect(rig.transport.calls).toEqual(['end'])
    await rig.clock.advance(5_000)
    expect(rig.transport.calls).toEqual(['end', 'destroy'])
    expect(rig.gone).toBe(1)
    expect(rig.clock.timers).toBe(0)
  })

  test('a peer that answers our goodbye by hanging up ends cleanly', async () => {
    const rig = await established()
    rig.stream.close()
    rig.stream.disconnected()
    expect(rig.ends).toEqual([{ by: 'local', clean: true }])
  })

  test.each(['system-shutdown', 'conflict', 'resource-constraint', 'policy-violation'] as const)(
    'S-15: the owner can end a stream with %s',
    async (condition) => {
      const rig = await established()
      rig.stream.close(new StreamError(condition))
      rig.feed('<message/>')
      expect(await rig.heard()).toBe(error(condition))
      expect(rig.elements).toEqual([])
      expect(rig.ends[0]).toMatchObject({ by: 'local', clean: true, error: { condition } })
    },
  )

  test('an error after our goodbye is not sent, the stream is closed already', async () => {
    const rig = await established()
    rig.stream.close()
    rig.feed('<!-- -->')
    expect(await rig.heard()).toBe(bye)
    expect(rig.ends.length).toBe(1)
  })

  test('an error of the peer is answered with the closing tag and reported', async () => {
    const rig = await established()
    rig.feed(
      "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error><message/></stream:stream>",
    )
    expect(await rig.heard()).toBe(bye)
    expect(rig.ends[0]).toMatchObject({ by: 'peer', clean: true, error: { condition: 'conflict' } })
    expect(rig.elements).toEqual([])
  })

  test('T-10: a connection lost without a closing tag is no clean end, and says which writes were lost', async () => {
    const rig = await established()
    rig.transport.instant = false
    rig.stream.send(wireFromText('<a/>'), 'a')
    await settled()
    rig.stream.send(wireFromText('<b/>'), 'b')
    rig.stream.disconnected(new Error('reset'))
    expect(rig.ends).toMatchObject([{ by: 'transport', clean: false, cause: { message: 'reset' } }])
    expect(rig.outcomes).toEqual(['a failed', 'b failed'])
    rig.stream.send(wireFromText('<c/>'), 'c')
    rig.stream.disconnected()
    expect(rig.outcomes).toEqual(['a failed', 'b failed', 'c failed'])
    expect(rig.gone).toBe(1)
    expect(rig.clock.timers).toBe(0)
  })

  test('what a peer said before it hung up is still handled', async () => {
    const seen: string[] = []
    const rig = await established({
      deps: {
        async onElement(el) {
          await Promise.resolve()
          seen.push(el.attr('id') ?? '')
        },
      },
    })
    rig.feed("<message id='1'/><message id='2'/><message id='3'/></stream:stream>")
    rig.stream.disconnected()
    expect(rig.ends).toEqual([])
    await settled()
    expect(seen).toEqual(['1', '2', '3'])
    expect(rig.ends).toEqual([{ by: 'peer', clean: true }])
    expect(rig.gone).toBe(1)
  })

  test('what a peer said before the connection broke is still handled, but not waited for for ever', async () => {
    const rig = await established({ deps: { onElement: () => new Promise<void>(() => {}) } })
    rig.feed("<message id='1'/><message id='2'/>")
    rig.stream.disconnected(new Error('reset'))
    await rig.clock.advance(4_999)
    expect(rig.ends).toEqual([])
    await rig.clock.advance(1)
    expect(rig.ends).toMatchObject([{ by: 'transport', clean: false, cause: { message: 'reset' } }])
    expect(rig.clock.timers).toBe(0)
  })

  test('a connection that broke behind the last stanza ends without a goodbye', async () => {
    const rig = await established({ deps: { onElement: () => Promise.resolve() } })
    rig.feed('<message/>')
    rig.stream.disconnected()
    await settled()
    expect(rig.ends).toEqual([{ by: 'transport', clean: false }])
    expect(rig.gone).toBe(1)
  })

  test('a pending read of a feature fails when the stream ends, and its signal aborts', async () => {
    const seen: string[] = []
    const waiting: StreamFeature = {
      ...loginFeature,
      async negotiate(_el, io) {
        io.signal.addEventListener('abort', () => seen.push('aborted'))
        await io.read().catch((reason: { code: string }) => seen.push(reason.code))
        seen.push(String(io.signal.aborted))
        return {}
      },
    }
    const rig = open({ host: { features: () => [waiting] } })
    rig.feed(`${hello}<login xmlns='${login}'/>`)
    await settled()
    rig.stream.disconnected()
    await settled()
    expect(seen).toEqual(['aborted', 'stream/closed', 'true'])
  })

  test('NODE-2: a slow reader is cut off without a word, and what it did not take is given back', async () => {
    const rig = await established({ options: { maxOutboxStanzas: 1 } })
    rig.transport.room = rig.transport.instant = false
    rig.stream.send(wireFromText('<a/>'), 'a')
    rig.stream.send(wireFromText('<b/>'), 'b')
    await rig.clock.advance(2_000)
    expect(rig.transport.calls).toEqual(['destroy'])
    expect(rig.ends).toMatchObject([{ clean: false, error: { condition: 'resource-constraint' } }])
    expect(rig.outcomes).toEqual(['a failed', 'b failed'])
  })

  test('S-14: so is one that takes nothing for the write time-out', async () => {
    const rig = await established({ options: { writeTimeoutMs: 1_000 } })
    rig.transport.instant = false
    rig.stream.send(wireFromText('<a/>'), 'a')
    await rig.clock.advance(1_000)
    expect(rig.transport.calls).toEqual(['destroy'])
    expect(rig.outcomes).toEqual(['a failed'])
  })

  test('S-17: see-other-host is sent over TLS only', async () => {
    const moved = () => new StreamError('see-other-host', { host: 'b.example.com' })
    const clear = await established()
    clear.stream.close(moved())
    expect(await clear.heard()).toBe(error('reset'))
    const safe = await established({ transport: fakeTransport({ tls: { protocol: 'TLSv1.3' } }) })
    safe.stream.close(moved())
    expect(await safe.heard()).toContain('>b.example.com</see-other-host>')
  })

  test('S-17: a host that redirects its users does so after the header, and over TLS only', async () => {
    const redirecting = { ...host, redirect: 'b.example.com' }
    const clear = open({ host: redirecting })
    clear.feed(hello)
    expect(await clear.heard()).toBe(answer('s1') + loginOnly)
    const safe = open({ host: redirecting, transport: fakeTransport({ tls: { protocol: 'TLSv1.3' } }) })
    safe.feed(hello)
    expect(await safe.heard()).toContain('>b.example.com</see-other-host></stream:error>')
  })
})

describe('silent peers', () => {
  test('S-14: an idle peer is probed, and only then declared dead', async () => {
    let probes = 0
    const rig = await established({ deps: { probe: () => void probes++ } })
    await rig.clock.advance(599_999)
    expect(probes).toBe(0)
    await rig.clock.advance(1)
    expect(probes).toBe(1)
    await rig.clock.advance(59_999)
    expect(rig.ends).toEqual([])
    await rig.clock.advance(1)
    expect(await rig.heard()).toBe(error('connection-timeout', 'no answer to a ping'))
  })

  test('S-14: any byte is a sign of life', async () => {
    let probes = 0
    const rig = await established({ deps: { probe: () => void probes++ } })
    await rig.clock.advance(500_000)
    rig.feed(' ')
    await rig.clock.advance(599_999)
    expect(probes).toBe(0)
    await rig.clock.advance(1)
    rig.feed(' ')
    await rig.clock.advance(599_999)
    expect(rig.ends).toEqual([])
    expect(probes).toBe(1)
  })

  test('S-14: a peer that is not listened to is not taken for silent', async () => {
    let probes = 0
    const rig = await established({ deps: { probe: () => void probes++ } })
    rig.stream.suspend()
    await rig.clock.advance(660_000)
    expect([probes, rig.ends]).toEqual([1, []])
    rig.stream.resume()
    await rig.clock.advance(660_000)
    expect(rig.ends).toMatchObject([{ error: { condition: 'connection-timeout' } }])
  })

  test('without a probe idle peers get whitespace, which a dead connection fails to take', async () => {
    const rig = await established()
    await rig.clock.advance(600_000)
    expect(await rig.heard()).toBe(' ')
    expect(rig.ends).toEqual([])
  })
})
