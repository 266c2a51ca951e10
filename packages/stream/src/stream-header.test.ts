import { describe, expect, test } from 'vitest'
import { answer, error, header, hello, loginOnly, open, xml } from './server-rig.js'

describe('stream headers', () => {
  const fallback = `${xml}${header} id='s1' version='1.0' xml:lang='en'>`
  test.each([
    {
      title: 'S-2: the answer names domain, id, version and language, and the peer if it gave its name',
      input: `${xml}${header} to='EXAMPLE.com' from='ann@example.com/x' version='1.0' xml:lang='de'>`,
      output: answer('s1', " to='ann@example.com/x'") + loginOnly,
    },
    {
      title: 'S-5: a higher minor version is answered with 1.0',
      input: `${header} to='example.com' version='1.10'>`,
      output: answer('s1') + loginOnly,
    },
    {
      title: 'S-5: a header without version gets no features',
      input: `${header} to='example.com'>`,
      output: answer('s1'),
    },
    {
      title: 'S-5: a header of version 0.9 gets no features',
      input: `${header} to='example.com' version='0.9'>`,
      output: answer('s1'),
    },
    {
      title: 'S-5: an unsupported major version is refused',
      input: `${header} to='example.com' version='2.0'>`,
      output: answer('s1') + error('unsupported-version'),
    },
    {
      title: 'S-5: what is no version is refused',
      input: `${header} to='example.com' version='1'>`,
      output: answer('s1') + error('unsupported-version'),
    },
    {
      title: 'S-1 S-4: an unknown domain is refused after a header of our own',
      input: `${header} to='unknown.example' version='1.0'>`,
      output: fallback + error('host-unknown'),
    },
    {
      title: 'S-1 S-4: so is a domain that moved away',
      input: `${header} to='moved.example' version='1.0'>`,
      output: fallback + error('host-gone'),
    },
    {
      title: 'S-4: a header addressed to nobody is refused',
      input: `${header} version='1.0'>`,
      output: fallback + error('improper-addressing'),
    },
    {
      title: 'S-4: a header addressed to an account is refused',
      input: `${header} to='ann@example.com' version='1.0'>`,
      output: fallback + error('improper-addressing'),
    },
    {
      title: 'S-4: a header addressed to something that is no address is refused',
      input: `${header} to='@@' version='1.0'>`,
      output: fallback + error('improper-addressing'),
    },
    {
      title: 'S-6: another stream namespace is refused',
      input: `<stream:stream xmlns='jabber:client' xmlns:stream='urn:x' to='example.com' version='1.0'>`,
      output: answer('s1') + error('invalid-namespace'),
    },
    {
      title: 'S-6: another content namespace is refused',
      input: `<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' to='example.com' version='1.0'>`,
      output: answer('s1') + error('invalid-namespace'),
    },
    {
      title: 'S-6: another root of the right namespace is refused',
      input: `<stream:strom xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='example.com' version='1.0'>`,
      output: answer('s1') + error('bad-format'),
    },
    {
      title: 'S-6: another prefix for the stream namespace is handled',
      input: `<s:stream xmlns='jabber:client' xmlns:s='http://etherx.jabber.org/streams' to='example.com' version='1.0'>`,
      output: answer('s1') + loginOnly,
    },
    {
      title: 'S-1: what is no XML at all is refused after a header of our own',
      input: 'GET / HTTP/1.1\r\n',
      output: fallback + error('not-well-formed'),
    },
    {
      title: 'a language longer than 35 characters is refused, as it would be kept',
      input: `${header} to='example.com' version='1.0' xml:lang='${'x'.repeat(36)}'>`,
      output: answer('s1') + error('policy-violation', 'xml:lang is too long'),
    },
    {
      title: 'X-12: a header larger than the limit is refused',
      input: `${header} to='example.com' version='1.0' x='${'x'.repeat(8 * 1024)}'>`,
      output: fallback + error('policy-violation'),
    },
  ])('$title', async ({ input, output }) => {
    const rig = open()
    rig.feed(input)
    expect(await rig.heard()).toBe(output)
    const refused = output.includes('stream:error')
    expect(rig.ends.length).toBe(refused ? 1 : 0)
    expect(rig.transport.calls).toEqual(refused ? ['end'] : [])
  })

  test('S-1: a refusal of an unknown domain can name the domain we do serve', async () => {
    const rig = open({ options: { fallbackDomain: 'example.com' } })
    rig.feed(`${header} to='unknown.example' version='1.0'>`)
    expect(await rig.heard()).toBe(answer('s1') + error('host-unknown'))
  })

  test('S-2 D-7: the language and the name of the peer are remembered', () => {
    const rig = open()
    rig.feed(`${xml}${header} to='example.com' from='ann@example.com' version='1.0' xml:lang='de'>`)
    expect(rig.stream.state).toMatchObject({ domain: 'example.com', lang: 'de', id: 's1', secure: false })
    expect(`${rig.stream.state.from}`).toBe('ann@example.com')
  })

  test('a header arriving byte by byte is answered once', async () => {
    const rig = open()
    for (const byte of Buffer.from(hello)) rig.stream.receive(Uint8Array.of(byte))
    expect(await rig.heard()).toBe(answer('s1') + loginOnly)
  })
})
