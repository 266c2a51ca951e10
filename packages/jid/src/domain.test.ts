import { describe, expect, test } from 'vitest'
import { prepareDomain } from './domain.js'
import { JidError } from './errors.js'

function refusal(text: string): string {
  try {
    return `accepted as ${prepareDomain(text)}`
  } catch (error) {
    if (error instanceof JidError) return error.code
    throw error
  }
}

describe('names', () => {
  test.each([
    ['example.com', 'example.com'],
    ['Example.COM', 'example.com'],
    ['example.com.', 'example.com'],
    ['localhost', 'localhost'],
    ['3com.example', '3com.example'],
    ['a-b.example', 'a-b.example'],
    ['BÜCHER.example', 'bücher.example'],
    ['bu\u0308cher.example', 'bücher.example'],
    ['xn--bcher-kva.example', 'bücher.example'],
    ['XN--BCHER-KVA.EXAMPLE', 'bücher.example'],
    ['faß.example', 'faß.example'],
    ['xn--fa-hia.example', 'faß.example'],
    ['ＥＸＡＭＰＬＥ．com', 'example.com'],
    ['例え。テスト', '例え.テスト'],
    ['אב.example', 'אב.example'],
    ['l·l.cat', 'l·l.cat'],
    ['نامه\u200cای.example', 'نامه\u200cای.example'],
    ['Ꭰ.example', 'Ꭰ.example'],
    [`${'x'.repeat(63)}.example`, `${'x'.repeat(63)}.example`],
  ])('J-2: %s is %s', (text, prepared) => {
    expect(prepareDomain(text)).toBe(prepared)
    expect(prepareDomain(prepared)).toBe(prepared)
  })

  test.each([
    ['', 'jid/empty'],
    ['.', 'jid/empty'],
    ['..', 'jid/domain'],
    ['.example', 'jid/domain'],
    ['a..b', 'jid/domain'],
    ['a.b..', 'jid/domain'],
    ['a_b.example', 'jid/domain'],
    ['-a.example', 'jid/domain'],
    ['a-.example', 'jid/domain'],
    ['ab--c.example', 'jid/domain'],
    ['a b.example', 'jid/domain'],
    ['a%41.example', 'jid/domain'],
    ['a:5222', 'jid/domain'],
    ['xn--.example', 'jid/domain'],
    ['xn--abc.example', 'jid/domain'],
    ['xn--a-0.example', 'jid/domain'],
    ['xn--b\u00fccher.example', 'jid/domain'],
    ['♚.example', 'jid/disallowed'],
    ['xn--45h.example', 'jid/disallowed'],
    ['℡.example', 'jid/disallowed'],
    ['Ⅳ.example', 'jid/disallowed'],
    ['אa.example', 'jid/domain'],
    ['\u0301a.example', 'jid/domain'],
    ['a\u200cb.example', 'jid/domain'],
    ['a·b.example', 'jid/context'],
    ['\u0660\u06f0.example', 'jid/domain'],
    ['a\u{e0fff}.example', 'jid/disallowed'],
    [`${'x'.repeat(64)}.example`, 'jid/domain'],
    [`${'ü'.repeat(63)}.example`, 'jid/domain'],
    [`${'x.'.repeat(127)}xx`, 'jid/too-long'],
  ])('J-2: %s is refused as %s', (text, code) => {
    expect(refusal(text)).toBe(code)
  })
})

describe('addresses', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['199.250.10.9', '199.250.10.9'],
    ['[::1]', '[::1]'],
    ['[2001:DB8::A]', '[2001:db8::a]'],
    ['[2001:db8:0:0:0::a]', '[2001:db8::a]'],
    ['[::ffff:1.2.3.4]', '[::ffff:102:304]'],
  ])('J-2: %s is %s', (text, prepared) => {
    expect(prepareDomain(text)).toBe(prepared)
    expect(prepareDomain(prepared)).toBe(prepared)
  })

  test.each([
    '127.1',
    '1',
    '0x7f.1',
    '0x7f000001',
    '1.2.3.4.5',
    '256.0.0.1',
    '01.2.3.4',
    'example.0x',
    '１２７.1',
    '[1.2.3.4]',
    '[::1',
    '[]',
    '[:]',
    '[fe80::1%eth0]',
    '[v1.x]',
    '::1',
    '[::1]:5222',
  ])('J-2: %s is neither name nor address, whatever a resolver would make of it', (text) => {
    expect(refusal(text)).toBe('jid/domain')
  })
})
