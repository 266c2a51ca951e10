import { createCountingIds, createManualClock, silentLogger } from '@xmppkit/runtime'
import { StreamError } from '@xmppkit/stanza'
import { Element, type RawElement, wireFromText } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { fakeTransport, settled } from './fake-transport.js'
import { bye, error, established, header, hello, login, open } from './server-rig.js'
import { createServerStream } from './server-stream.js'

describe('established streams', () => {
  test('S-18 NODE-1: elements are handled one at a time, in order, and a pending handler pauses the transport', async () => {
    const order: string[] = []
    let go = () => {}
    const rig = await established({
      deps: {
        onElement(el: RawElement) {
          order.push(`start ${el.attr('id')}`)
          if (el.attr('id') !== '1') return
          return new Promise<void>((resolve) => {
            go = () => {
              order.push('end 1')
              resolve()
            }
          })
        },
      },
    })
    rig.feed("<message id='1'/><message id='2'/>")
    rig.feed("<message id='3'/>")
    await settled()
    expect(order).toEqual(['start 1'])
    expect(rig.transport.calls).toEqual(['pause'])
    go()
    await settled()
    expect(order).toEqual(['start 1', 'end 1', 'start 2', 'start 3'])
    expect(rig.transport.calls).toEqual(['pause', 'resume'])
  })

  test('a handler that does not wait never pauses the transport', async () => {
    const rig = await established()
    rig.feed('<message/><presence/><iq/>')
    expect(rig.elements).toEqual(['message', 'presence', 'iq'])
    expect(rig.transport.calls).toEqual([])
  })

  test('NODE-1: a transport that does not pause is bounded', async () => {
    const rig = await established({
      deps: { onElement: () => new Promise<void>(() => {}) },
      options: { maxUnreadBytes: 100 },
    })
    rig.feed('<message/>')
    rig.feed(`<message id='${'x'.repeat(50)}'/>`)
    expect(rig.ends).toEqual([])
    rig.feed(`<message id='${'x'.repeat(50)}'/>`)
    expect(rig.ends[0]?.error?.condition).toBe('resource-constraint')
  })

  test('suspend holds input back until resume, for rate limits', async () => {
    const rig = await established()
    rig.stream.suspend()
    rig.feed('<message/>')
    expect(rig.elements).toEqual([])
    expect(rig.transport.calls).toEqual(['pause'])
    rig.stream.resume()
    expect(rig.elements).toEqual(['message'])
    expect(rig.transport.calls).toEqual(['pause', 'resume'])
  })

  test('what is sent while a chunk is handled leaves in one write at its end', async () => {
    const rig = await established({
      deps: { onElement: (el) => rig.stream.send(wireFromText(`<r id='${el.attr('id')}'/>`)) },
    })
    rig.feed("<message id='1'/><message id='2'/>")
    await settled()
    expect(rig.transport.writes).toEqual(["<r id='1'/><r id='2'/>"])
  })

  test.each([
    ['an unknown element', "<x xmlns='urn:x'/>", error('unsupported-stanza-type')],
    ['an unknown element of the content namespace', '<note/>', error('unsupported-stanza-type')],
    ['features', '<stream:features/>', error('unsupported-stanza-type')],
    [
      'a stanza of another content namespace',
      "<message xmlns='jabber:server'/>",
      error('unsupported-stanza-type'),
    ],
  ])('S-10: %s ends the stream', async (_, input, output) => {
    const rig = await established()
    rig.feed(input)
    expect(await rig.heard()).toBe(output)
    expect(rig.elements).toEqual([])
  })

  test.each([
    ['X-1', '<!-- c -->', 'restricted-xml'],
    ['X-6', '<a></b>', 'not-well-formed'],
    ['S-12', 'text', 'not-well-formed'],
    ['S-12', '<message/>text', 'not-well-formed'],
    ['S-20', '<message>\xff</message>', 'unsupported-encoding'],
    ['X-5', '<message><x:y/></message>', 'bad-namespace-prefix'],
    ['X-12', '<a>'.repeat(65), 'policy-violation'],
  ])('%s: %o ends the stream', async (_, input, condition) => {
    const rig = await established()
    rig.stream.receive(Buffer.from(input, 'latin1'))
    expect(await rig.heard()).toBe(error(condition))
  })

  test('X-14: a stream header inside a stanza is content', async () => {
    const rig = await established()
    rig.feed(`<message><stream:stream to='other.example'/></message>`)
    expect(rig.elements).toEqual(['message'])
    expect(rig.stream.state.domain).toBe('example.com')
  })

  test('X-12 SEC-2: the small limits end with authentication, the large ones begin', async () => {
    const big = (bytes: number) => `<message><body>${'x'.repeat(bytes)}</body></message>`
    const before = open()
    before.feed(hello)
    await before.heard()
    before.feed(`<login xmlns='${login}' user='${'x'.repeat(9_000)}'/>`)
    expect(await before.heard()).toBe(error('policy-violation'))
    const after = await established()
    after.feed(big(200_000))
    expect(after.elements).toEqual(['message'])
    after.feed(big(300_000))
    expect(await after.heard()).toBe(error('policy-violation'))
  })

  test('S-12: whitespace between stanzas is a keepalive, not kept and not answered', async () => {
    const rig = await established()
    for (let i = 0; i < 100; i++) rig.feed(' \n')
    rig.feed('<message/>')
    expect(rig.elements).toEqual(['message'])
    expect(await rig.heard()).toBe('')
  })

  test('S-9: nothing after an error is looked at, not even what came in the same chunk', async () => {
    const rig = await established()
    rig.feed("<message/><x xmlns='urn:x'/><presence/>")
    rig.feed('<iq/>')
    expect(await rig.heard()).toBe(error('unsupported-stanza-type'))
    expect(rig.elements).toEqual(['message'])
  })

  test('S-20 NODE-3: a handler that throws ends this stream only, and tells the peer nothing', async () => {
    const rig = await established({
      deps: {
        onElement() {
          throw new Error('secret detail')
        },
      },
    })
    rig.feed('<message/>')
    expect(await rig.heard()).toBe(error('internal-server-error'))
    expect(rig.errors.length).toBe(1)
  })

  test('S-20 NODE-3: so does one that rejects', async () => {
    const rig = await established({ deps: { onElement: () => Promise.reject(new Error('secret detail')) } })
    rig.feed('<message/>')
    expect(await rig.heard()).toBe(error('internal-server-error'))
    expect(rig.transport.calls).toEqual(['pause', 'resume', 'end'])
  })

  test('S-16: a handler may throw a stream error; condition, text and application element are sent in this order', async () => {
    const rig = await established({
      deps: {
        onElement() {
          throw new StreamError('undefined-condition', {
            text: 'why',
            application: new Element('app', { xmlns: 'urn:app' }),
          })
        },
      },
    })
    rig.feed('<message/>')
    expect(await rig.heard()).toMatch(
      /<undefined-condition xmlns="[^"]+"\/><text xmlns="[^"]+" xml:lang="en">why<\/text><app xmlns="urn:app"\/><\/stream:error>/,
    )
  })

  test('S-20: an owner that throws when told of the end is reported', async () => {
    const rig = await established({
      deps: {
        onClosed() {
          throw new Error('oops')
        },
      },
    })
    rig.feed(bye)
    expect(rig.errors.length).toBe(1)
    expect(rig.transport.calls).toEqual(['end'])
  })
})

describe('hostile input', () => {
  test('SEC-2: connections that come, send garbage and go leave nothing behind', async () => {
    const clock = createManualClock()
    for (let i = 0; i < 500; i++) {
      const transport = fakeTransport()
      const stream = createServerStream(
        {
          transport,
          clock,
          ids: createCountingIds(),
          logger: silentLogger,
          resolve: () => 'unknown',
          onElement: () => {},
          onClosed: () => {},
        },
        {},
      )
      stream.receive(Buffer.from(i % 2 ? 'garbage' : `${header} to='x`))
      stream.disconnected()
    }
    expect(clock.timers).toBe(0)
  })

  test('S-20: calls after the end do nothing', async () => {
    const rig = await established()
    rig.stream.disconnected()
    rig.feed('<message/>')
    rig.stream.drained()
    rig.stream.secured({ protocol: 'TLSv1.3' })
    rig.stream.suspend()
    rig.stream.resume()
    rig.stream.close(new StreamError('conflict'))
    rig.stream.close()
    expect(await rig.heard()).toBe('')
    expect(rig.elements).toEqual([])
    expect(rig.ends.length).toBe(1)
  })
})
