import { describe, expect, test } from 'vitest'
import {
  answer,
  bindFeature,
  bindIq,
  bindOnly,
  error,
  established,
  header,
  hello,
  login,
  loginFeature,
  loginOnly,
  open,
  xml,
} from './server-rig.js'
import type { StreamFeature } from './stream-feature.js'

describe('negotiation', () => {
  test('S-3 S-7 A-7: after authentication nothing is said before the new header, which gets a new id', async () => {
    const rig = open()
    rig.feed(hello)
    expect(await rig.heard()).toBe(answer('s1') + loginOnly)
    rig.feed(`<login xmlns='${login}' user='ann'/>`)
    expect(await rig.heard()).toBe(`<success xmlns="${login}"/>`)
    expect(rig.stream.phase).toBe('header')
    rig.feed(hello)
    expect(await rig.heard()).toBe(answer('s2') + bindOnly)
    rig.feed(bindIq)
    expect(await rig.heard()).toBe('<iq type="result" id="b"/>')
    expect(rig.stream.phase).toBe('established')
    expect(rig.stream.state).toMatchObject({ mechanism: 'TEST', id: 's2' })
  })

  test('S-1 S-3: what is wrong with the new header is said behind a header of ours', async () => {
    const rig = open()
    rig.feed(`${hello}<login xmlns='${login}' user='ann'/>`)
    await rig.heard()
    rig.feed('<!DOCTYPE x>')
    expect(await rig.heard()).toBe(answer('s2') + error('restricted-xml'))
  })

  test('what the peer sends ahead of a restart after authentication is kept', async () => {
    const rig = open()
    rig.feed(`${hello}<login xmlns='${login}' user='ann'/>${hello}${bindIq}<message/>`)
    expect(await rig.heard()).toBe(
      `${answer('s1')}${loginOnly}<success xmlns="${login}"/>${answer('s2')}${bindOnly}<iq type="result" id="b"/>`,
    )
    expect(rig.elements).toEqual(['message'])
  })

  test('A-7: a feature may ask for features without a restart', async () => {
    const rig = open()
    rig.feed(hello)
    await rig.heard()
    rig.feed(`<login xmlns='${login}' user='ann' inline=''/>${bindIq}`)
    expect(await rig.heard()).toBe(`<success xmlns="${login}"/>${bindOnly}<iq type="result" id="b"/>`)
  })

  test('S-18: a feature that reads gets the next element, and only that', async () => {
    const rig = open()
    rig.feed(`${hello}<login xmlns='${login}' user='ann' wait=''/>`)
    await rig.heard()
    rig.feed(`<response xmlns='${login}'/>`)
    expect(await rig.heard()).toBe(`<success xmlns="${login}"/>`)
  })

  test('S-7: the list is empty once nothing is left, and ends negotiation', async () => {
    const rig = open({
      options: { contentNs: 'jabber:server' },
      host: { features: () => [loginFeature] },
    })
    const serverHello = hello.replace('jabber:client', 'jabber:server')
    rig.feed(`${serverHello}<login xmlns='${login}' user='ann'/>${serverHello}<message/>`)
    expect(await rig.heard()).toMatch(/<stream:features\/>$/)
    expect(rig.stream.phase).toBe('established')
    expect(rig.elements).toEqual(['message'])
  })

  test('S-13: nothing but elements is sent while negotiating', async () => {
    const rig = open()
    rig.feed(`${hello}<login xmlns='${login}' user='ann' wait=''/>`)
    await rig.clock.advance(29_000)
    expect(await rig.heard()).not.toMatch(/(^|>)\s+(<|$)/)
  })

  test.each(['message', 'presence', 'iq'])(
    'S-10: <%s/> before authentication ends the stream',
    async (name) => {
      const rig = open()
      rig.feed(hello)
      await rig.heard()
      rig.feed(`<${name} type='get' id='1' to='example.com'><query xmlns='urn:x'/></${name}>`)
      expect(await rig.heard()).toBe(error('not-authorized'))
      expect(rig.elements).toEqual([])
    },
  )

  test('B-1: a stanza before a resource is bound ends the stream', async () => {
    const rig = open()
    rig.feed(`${hello}<login xmlns='${login}' user='ann'/>${hello}<message to='bob@example.com'/>`)
    expect(await rig.heard()).toMatch(error('not-authorized'))
    expect(rig.elements).toEqual([])
  })

  test('S-5: a peer without features cannot negotiate them either', async () => {
    const rig = open()
    rig.feed(`${header} to='example.com'><login xmlns='${login}' user='ann'/>`)
    expect(await rig.heard()).toBe(answer('s1') + error('unsupported-stanza-type'))
  })

  test('A-21: a feature that was negotiated is not negotiated again', async () => {
    const rig = open()
    rig.feed(`${hello}<login xmlns='${login}' user='ann'/>${hello}<login xmlns='${login}' user='bob'/>`)
    expect(await rig.heard()).toContain(error('policy-violation', 'bind comes first'))
    expect(`${rig.stream.state.authenticated}`).toBe('ann@example.com')
  })

  test('S-8: no feature can change who the peer is', async () => {
    const turncoat: StreamFeature = { ...loginFeature, offered: () => true }
    const rig = open({ host: { features: () => [turncoat, bindFeature] } })
    rig.feed(`${hello}<login xmlns='${login}' user='ann'/>${hello}<login xmlns='${login}' user='bob'/>`)
    expect(await rig.heard()).toContain(error('policy-violation', 'already authenticated'))
    expect(`${rig.stream.state.authenticated}`).toBe('ann@example.com')
  })

  test.each([
    { to: 'other.example', from: '', condition: 'not-authorized' },
    { to: 'unknown.example', from: '', condition: 'host-unknown' },
    { to: 'example.com', from: " from='bob@example.com'", condition: 'invalid-from' },
  ])('S-8 SEC-10: a restart after login is refused with $condition', async ({ to, from, condition }) => {
    const rig = open()
    rig.feed(`${hello}<login xmlns='${login}' user='ann'/>${header} to='${to}'${from} version='1.0'>`)
    expect(await rig.heard()).toContain(error(condition))
    expect(rig.stream.state.domain).toBe('example.com')
  })

  test('a feature that fails with its own kind of error ends the stream with no hint why', async () => {
    const broken: StreamFeature = {
      ...loginFeature,
      negotiate: () => Promise.reject(new Error('secret detail')),
    }
    const rig = open({ host: { features: () => [broken] } })
    rig.feed(`${hello}<login xmlns='${login}'/>`)
    expect(await rig.heard()).toBe(answer('s1') + loginOnly + error('internal-server-error'))
    expect(rig.errors.length).toBe(1)
  })

  test('SEC-30 S-14: the deadline counts from the start and traffic does not move it', async () => {
    const rig = open()
    rig.feed(hello)
    await rig.clock.advance(20_000)
    rig.feed(`<login xmlns='${login}' user='ann'/>`)
    await rig.heard()
    await rig.clock.advance(9_999)
    expect(rig.ends).toEqual([])
    await rig.clock.advance(1)
    expect(await rig.heard()).toContain(error('connection-timeout', 'negotiation took too long'))
    expect(rig.ends.length).toBe(1)
  })

  test('SEC-30: a peer that says nothing at all is sent away too, header first', async () => {
    const rig = open()
    await rig.clock.advance(30_000)
    expect(await rig.heard()).toBe(
      `${xml}${header} id='s1' version='1.0' xml:lang='en'>${error('connection-timeout', 'negotiation took too long')}`,
    )
  })

  test('an established stream has no deadline any more', async () => {
    const rig = await established()
    await rig.clock.advance(60_000)
    expect(rig.ends).toEqual([])
  })
})
