import { parseElement } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { type DiscoInfo, discoInfoGet, readDiscoInfo } from './payloads.js'
import { capsHash, compareOctets, isKnownHash, verificationString } from './verification-string.js'
import { isWellFormed } from './well-formed.js'

function info(content: string): DiscoInfo {
  const query = `<query xmlns='http://jabber.org/protocol/disco#info'>${content}</query>`
  return readDiscoInfo(discoInfoGet.result!.decode(parseElement(query).toElement()))
}

const identity = "<identity category='client' type='pc' name='Exodus 0.9.1'/>"
const features = ['caps', 'disco#info', 'disco#items', 'muc']
  .map((name) => `<feature var='http://jabber.org/protocol/${name}'/>`)
  .join('')
const form = (fields: string, type = "type='hidden'") =>
  `<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' ${type}><value>urn:xmpp:dataforms:softwareinfo</value></field>${fields}</x>`
const field = (name: string, ...values: string[]) =>
  `<field var='${name}'>${values.map((value) => `<value>${value}</value>`).join('')}</field>`
const software = form(
  field('software_version', '0.11') +
    field('os', 'Mac') +
    field('ip_version', 'ipv6', 'ipv4') +
    field('os_version', '10.5.1') +
    field('software', 'Psi'),
)
const psi =
  "<identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/><identity xml:lang='el' category='client' name='Ψ 0.11' type='pc'/>"

describe('XEP-0115 §5', () => {
  test('simple generation example', () => {
    expect(verificationString(info(identity + features))).toBe(
      'client/pc//Exodus 0.9.1<http://jabber.org/protocol/caps<http://jabber.org/protocol/disco#info<http://jabber.org/protocol/disco#items<http://jabber.org/protocol/muc<',
    )
    expect(capsHash(info(identity + features))).toBe('QgayPKawpkPSDYmwT/WM94uAlu0=')
  })

  test('complex generation example, whatever the order it arrives in', () => {
    expect(capsHash(info(psi + features + software))).toBe('q07IKJEyjvHSyhy//CH0CxmKi8w=')
    const backwards = features
      .split('/>')
      .reverse()
      .filter(Boolean)
      .map((text) => `${text}/>`)
      .join('')
    expect(capsHash(info(software + backwards + psi))).toBe('q07IKJEyjvHSyhy//CH0CxmKi8w=')
  })

  test('a form whose FORM_TYPE is not hidden, or that has none, is ignored', () => {
    const plain = capsHash(info(identity + features))
    expect(capsHash(info(identity + features + form(field('os', 'Mac'), '')))).toBe(plain)
    const without = "<x xmlns='jabber:x:data' type='result'><field var='os'><value>Mac</value></field></x>"
    expect(capsHash(info(identity + features + without))).toBe(plain)
    expect(isWellFormed(info(identity + features + without))).toBe(true)
  })

  test('other hash functions are those of the registry', () => {
    expect(capsHash(info(identity), 'sha-256')).toHaveLength(44)
    expect(isKnownHash('sha-512')).toBe(true)
    for (const name of ['sha256', 'md5', '', '__proto__', 'constructor']) {
      expect(isKnownHash(name)).toBe(false)
      expect(() => capsHash(info(identity), name)).toThrow(RangeError)
    }
  })

  test('identities are sorted part by part', () => {
    const two = "<identity category='a-b' type='x'/><identity category='a' type='y'/>"
    expect(verificationString(info(two))).toBe('a/y//<a-b/x//<')
  })

  test('sorting is by octets of UTF-8, not by UTF-16 units', () => {
    expect(['\u{1f600}', '\uffef', 'ab', 'a', 'b'].sort(compareOctets)).toEqual([
      'a',
      'ab',
      'b',
      '\uffef',
      '\u{1f600}',
    ])
    expect(compareOctets('a', 'a')).toBe(0)
  })
})

describe('SEC-24: what may not stand for a hash', () => {
  test.each([
    ['no identity', features],
    ['the same identity twice', identity + identity + features],
    ['two names for one identity', `${identity}<identity category='client' type='pc' name='Other'/>`],
    ['the same feature twice', `${identity}<feature var='a'/><feature var='a'/>`],
    ['two forms of one FORM_TYPE', identity + software + form(field('x', 'y'))],
    [
      'two values of FORM_TYPE',
      `${identity}<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>a</value><value>b</value></field></x>`,
    ],
    ['a feature that could be two', `${identity}<feature var='a&lt;b'/>`],
    ['a name that could be a feature', "<identity category='client' type='pc' name='x&lt;urn:y'/>"],
    ['a category that could be two parts', "<identity category='client/pc' type='x'/>"],
    ['a language that could be two parts', "<identity category='client' type='pc' xml:lang='en/x'/>"],
    [
      'a form type that could be two fields',
      `${identity}<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>a&lt;b</value></field></x>`,
    ],
    ['a field that could be two', identity + form(field('a&lt;b', 'c'))],
    ['a value that could be two', identity + form(field('a', 'b&lt;c'))],
  ])('SEC-24: %s', (_name, content) => {
    expect(isWellFormed(info(content))).toBe(false)
  })

  test('SEC-24: the examples of the XEP may, and so may names with a slash', () => {
    for (const content of [
      identity + features,
      psi + features + software,
      "<identity category='client' type='pc' name='A/B'/>",
    ]) {
      expect(isWellFormed(info(content))).toBe(true)
    }
  })
})
