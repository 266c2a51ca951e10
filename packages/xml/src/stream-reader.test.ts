import { describe, expect, test } from 'vitest'
import type { XmlError } from './errors.js'
import type { RawElement } from './raw-element.js'
import { readerLimits } from './reader-limits.js'
import { createStreamReader, type StreamOpen, type StreamReader } from './stream-reader.js'

const header =
  "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='example.com' version='1.0'>"
const bytes = (text: string) => new TextEncoder().encode(text)

function opened(options = {}): StreamReader {
  const reader = createStreamReader({ limits: readerLimits.afterAuthentication, ...options })
  reader.push(bytes(header))
  expect(reader.next()?.kind).toBe('open')
  return reader
}

function element(reader: StreamReader): RawElement {
  const event = reader.next()
  if (event?.kind !== 'element') throw new Error(`no element but ${event?.kind}`)
  return event
}

/** The error of a call that must fail. */
function failure(reader: StreamReader): XmlError {
  try {
    reader.next()
  } catch (error) {
    return error as XmlError
  }
  throw new Error('it did not fail')
}

describe('events', () => {
  test('the header, elements and the end, one at a time', () => {
    const reader = createStreamReader()
    reader.push(bytes(`${header}<presence/> <iq id='1'/></stream:stream>`))
    const open = reader.next() as StreamOpen
    expect(open.kind).toBe('open')
    expect(open.contentNs).toBe('jabber:client')
    expect(open.header.name).toBe('stream')
    expect(open.header.ns).toBe('http://etherx.jabber.org/streams')
    expect(open.header.attributes).toEqual([
      ['xmlns:stream', 'http://etherx.jabber.org/streams'],
      ['to', 'example.com'],
      ['version', '1.0'],
    ])
    expect(open.header.content).toBe('')
    expect(reader.buffered).toBe("<presence/> <iq id='1'/></stream:stream>".length)
    expect(element(reader).name).toBe('presence')
    expect(element(reader).attr('id')).toBe('1')
    expect(reader.next()).toEqual({ kind: 'close' })
    expect(reader.next()).toBeUndefined()
    expect(reader.buffered).toBe(0)
  })

  test('what is not asked for is not parsed', () => {
    const reader = opened()
    reader.push(bytes('<a/><b></c>'))
    expect(element(reader).name).toBe('a')
    expect(reader.buffered).toBe(7)
    expect(failure(reader).condition).toBe('not-well-formed')
  })

  test('an empty root is a header and an end', () => {
    const reader = createStreamReader()
    reader.push(bytes("<stream:stream xmlns:stream='http://etherx.jabber.org/streams'/>"))
    expect(reader.next()).toMatchObject({ kind: 'open', contentNs: '' })
    expect(reader.next()).toEqual({ kind: 'close' })
    reader.push(bytes('<a/>'))
    expect(failure(reader).condition).toBe('not-well-formed')
  })

  test('an error stays: every later call throws it again, whatever is pushed', () => {
    const reader = opened()
    reader.push(bytes('<a></b>'))
    const error = failure(reader)
    expect(error.name).toBe('XmlError')
    expect(error.code).toBe('xml/not-well-formed')
    reader.push(bytes('<presence/>'))
    expect(failure(reader)).toBe(error)
    expect(reader.buffered).toBe(0)
    reader.restart()
    expect(failure(reader)).toBe(error)
  })

  test('errors say nothing of what was sent', () => {
    const reader = opened()
    reader.push(bytes('<a>secret</b-secret>'))
    expect(failure(reader).message).not.toContain('secret')
  })

  test('a default namespace other than the client one is told and inherited', () => {
    const reader = createStreamReader()
    reader.push(bytes("<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns='jabber:server'><iq/>"))
    expect(reader.next()).toMatchObject({ contentNs: 'jabber:server', header: { name: 'stream' } })
    expect(element(reader).ns).toBe('jabber:server')
  })

  test('a Uint8Array that is a view is read in its bounds', () => {
    const reader = opened()
    reader.push(bytes('xx<presence/>xx').subarray(2, 13))
    expect(element(reader).name).toBe('presence')
    expect(reader.next()).toBeUndefined()
  })
})

describe('bytes held', () => {
  test('S-12: white space between stanzas is consumed and not kept', () => {
    const reader = opened()
    for (let i = 0; i < 1000; i++) {
      reader.push(bytes(' \r\n\t'.repeat(100)))
      expect(reader.next()).toBeUndefined()
      expect(reader.buffered).toBe(0)
    }
    reader.push(bytes('  <presence/>'))
    expect(element(reader).size).toBe(11)
  })

  test('S-12: text between stanzas is an error, and so are its disguises', () => {
    for (const text of ['x', '&amp;', '&#32;', '<![CDATA[ ]]>', '\u00a0', '\0']) {
      const reader = opened()
      reader.push(bytes(`<presence/>${text}<presence/>`))
      element(reader)
      expect(failure(reader).condition).toBe('not-well-formed')
    }
  })

  test('a chunk is not kept for the sake of a few bytes at its end', () => {
    const reader = opened()
    const chunk = Buffer.alloc(65536, ' ')
    chunk.write('<presence', 65536 - 9)
    reader.push(chunk)
    expect(reader.next()).toBeUndefined()
    chunk.fill('X')
    reader.push(bytes('/>'))
    expect(element(reader).name).toBe('presence')
  })

  test('an element does not change with the bytes it came from', () => {
    const reader = opened()
    const chunk = Buffer.from("<message to='romeo@example.net'><body>hello there</body></message>")
    reader.push(chunk)
    const message = element(reader)
    chunk.fill(0)
    expect(message.attr('to')).toBe('romeo@example.net')
    expect(message.child('body', 'jabber:client')?.text()).toBe('hello there')
  })

  test('bytes pushed before they are read are joined in order', () => {
    const reader = opened()
    for (const piece of ['<a>1', '2', '</a>', '<b', '/>', '<c/>']) reader.push(bytes(piece))
    expect(reader.buffered).toBe(17)
    expect(element(reader).text()).toBe('12')
    reader.push(bytes('<d/>'))
    expect([element(reader).name, element(reader).name, element(reader).name]).toEqual(['b', 'c', 'd'])
    expect(reader.next()).toBeUndefined()
  })

  test('an empty push is nothing', () => {
    const reader = opened()
    reader.push(new Uint8Array(0))
    expect(reader.next()).toBeUndefined()
  })
})

describe('restart and discard', () => {
  test('S-3: a restart keeps unread bytes and forgets the document, its prefixes and its namespace', () => {
    const reader = opened()
    reader.push(
      bytes(
        `<response/><?xml version='1.0'?><s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns='jabber:server'><iq/><stream:x/>`,
      ),
    )
    element(reader)
    reader.restart()
    expect(reader.next()).toMatchObject({ kind: 'open', contentNs: 'jabber:server' })
    expect(element(reader).ns).toBe('jabber:server')
    expect(failure(reader).condition).toBe('bad-namespace-prefix')
  })

  test('X-4: after a restart the declaration is legal again, but only first', () => {
    const reader = opened()
    reader.restart()
    reader.push(bytes(header))
    expect(reader.next()?.kind).toBe('open')
    reader.restart()
    reader.push(bytes(`<x ${header}`))
    expect(failure(reader).condition).toBe('not-well-formed')
  })

  test('X-4 S-3: white space that ended the former document is not part of the new one', () => {
    const reader = opened()
    reader.push(bytes('<auth/>\r\n'))
    element(reader)
    reader.restart()
    expect(reader.next()).toBeUndefined()
    reader.push(bytes(`\n${header}`))
    expect(reader.next()?.kind).toBe('open')
    const fresh = createStreamReader()
    fresh.push(bytes(`\n${header}`))
    expect(failure(fresh).condition).toBe('restricted-xml')
  })

  test('T-3: discard drops what was sent before TLS, complete or not', () => {
    const reader = opened()
    reader.push(bytes("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><iq/><message>"))
    expect(element(reader).name).toBe('starttls')
    reader.discard()
    expect(reader.buffered).toBe(0)
    expect(reader.next()).toBeUndefined()
    reader.push(bytes(header))
    expect(reader.next()?.kind).toBe('open')
    expect(reader.next()).toBeUndefined()
  })

  test('T-3: discard in the middle of an element forgets it', () => {
    const reader = opened()
    reader.push(bytes('<message><body>half'))
    expect(reader.next()).toBeUndefined()
    reader.discard()
    reader.push(bytes(`${header}<presence/>`))
    expect(reader.next()?.kind).toBe('open')
    expect(element(reader).name).toBe('presence')
  })
})

describe('stream tags inside', () => {
  test('X-14: nested stream tags are data and do not end or restart anything', () => {
    const reader = opened()
    reader.push(
      bytes(`<message><stream:stream to='evil'><stream:error/></stream:stream></message><presence/>`),
    )
    const message = element(reader)
    expect(message.children).toEqual([{ name: 'stream', ns: 'http://etherx.jabber.org/streams' }])
    expect(element(reader).name).toBe('presence')
    expect(reader.next()).toBeUndefined()
  })

  test('X-14: an end tag of the stream inside a stanza is a mismatch, not an end', () => {
    const reader = opened()
    reader.push(bytes('<message></stream:stream>'))
    expect(failure(reader).condition).toBe('not-well-formed')
  })

  test('X-14: nested stream tags leave without the prefix of framing, even declared anew', () => {
    const reader = opened()
    reader.push(bytes("<message><x xmlns='urn:x'><stream:stream xmlns:stream='urn:s'/></x></message>"))
    expect(element(reader).toWire()).toBe(
      `<message xmlns="jabber:client"><x xmlns="urn:x"><stream xmlns="urn:s" xmlns:stream="urn:s"/></x></message>`,
    )
  })

  test('stream:features and stream:error on the top level are elements of their namespace', () => {
    const reader = opened()
    reader.push(bytes("<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>"))
    const features = element(reader)
    expect([features.name, features.ns]).toEqual(['features', 'http://etherx.jabber.org/streams'])
    expect(features.has('bind', 'urn:ietf:params:xml:ns:xmpp-bind')).toBe(true)
  })
})

describe('frames', () => {
  const framed = (...frames: string[]) => {
    const reader = createStreamReader({ framing: 'framed', limits: readerLimits.afterAuthentication })
    for (const frame of frames) reader.push(bytes(frame))
    return reader
  }

  test('every push is one element, and there is no root', () => {
    const reader = framed(
      "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='example.com'/>",
      "<iq xmlns='jabber:client'/>",
    )
    expect(reader.buffered).toBe(95)
    expect(element(reader).ns).toBe('urn:ietf:params:xml:ns:xmpp-framing')
    expect(element(reader).ns).toBe('jabber:client')
    expect(reader.next()).toBeUndefined()
    expect(reader.buffered).toBe(0)
  })

  test.each([
    ['leading white space', ' <a/>', 'not-well-formed'],
    ['trailing white space', '<a/> ', 'not-well-formed'],
    ['two elements', '<a/><b/>', 'not-well-formed'],
    ['an unfinished element', '<a>', 'not-well-formed'],
    ['half a tag', '<a', 'not-well-formed'],
    ['an end tag', '</a>', 'not-well-formed'],
    ['text', 'a', 'not-well-formed'],
    ['nothing', '', 'not-well-formed'],
    ['a byte order mark', '\ufeff<a/>', 'not-well-formed'],
    ['an XML declaration', "<?xml version='1.0'?><a/>", 'restricted-xml'],
    ['a comment', '<!-- x --><a/>', 'restricted-xml'],
    ['a prefix of a header that does not exist', '<stream:features/>', 'bad-namespace-prefix'],
  ])('X-4: refused: %s', (_what, frame, condition) => {
    const error = failure(framed(frame))
    expect(error.condition).toBe(condition)
  })

  test('X-12: a frame is held to the limits', () => {
    const reader = framed(`<a>${'x'.repeat(300_000)}</a>`)
    expect(failure(reader).condition).toBe('policy-violation')
  })

  test('an error stays, and what was waiting is dropped', () => {
    const reader = framed('<a>', '<b/>')
    const error = failure(reader)
    expect(reader.buffered).toBe(0)
    expect(failure(reader)).toBe(error)
  })

  test('T-3: discard drops waiting frames; a restart keeps them', () => {
    const reader = framed('<a/>', '<b/>')
    element(reader)
    reader.restart()
    expect(element(reader).name).toBe('b')
    reader.push(bytes('<c/>'))
    reader.discard()
    expect(reader.next()).toBeUndefined()
  })
})
