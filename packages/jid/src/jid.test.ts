import { describe, expect, test } from 'vitest'
import { JidError, type JidErrorCode } from './errors.js'
import { isBareJid, isFullJid, Jid, makeJid, parseJid, tryParseJid } from './jid.js'
import { createMemo } from './memo.js'

/** The code a text is refused with. */
function refusal(text: string): { code: JidErrorCode; part: string } | string {
  try {
    return parseJid(text).toString()
  } catch (error) {
    if (error instanceof JidError) return { code: error.code, part: error.part }
    throw error
  }
}

describe('RFC 7622 §3.5', () => {
  test.each([
    ['juliet@example.com', 'juliet', 'example.com', ''],
    ['juliet@example.com/foo', 'juliet', 'example.com', 'foo'],
    ['juliet@example.com/foo bar', 'juliet', 'example.com', 'foo bar'],
    ['juliet@example.com/foo@bar', 'juliet', 'example.com', 'foo@bar'],
    ['foo\\20bar@example.com', 'foo\\20bar', 'example.com', ''],
    ['fussball@example.com', 'fussball', 'example.com', ''],
    ['fußball@example.com', 'fußball', 'example.com', ''],
    ['π@example.com', 'π', 'example.com', ''],
    ['Σ@example.com/foo', 'σ', 'example.com', 'foo'],
    ['σ@example.com/foo', 'σ', 'example.com', 'foo'],
    ['ς@example.com/foo', 'ς', 'example.com', 'foo'],
    ['king@example.com/♚', 'king', 'example.com', '♚'],
    ['example.com', '', 'example.com', ''],
    ['example.com/foobar', '', 'example.com', 'foobar'],
    ['a.example.com/b@example.net', '', 'a.example.com', 'b@example.net'],
  ])('J-1 J-2: valid: %s', (text, local, domain, resource) => {
    const jid = parseJid(text)
    expect({ ...jid }).toEqual({ local, domain, resource })
    expect(parseJid(jid.toString()).equals(jid)).toBe(true)
  })

  test.each([
    ['"juliet"@example.com', 'jid/disallowed', 'localpart'],
    ['foo bar@example.com', 'jid/disallowed', 'localpart'],
    ['juliet@example.com/ foo', 'jid/disallowed', 'resourcepart'],
    ['@example.com/', 'jid/empty', 'localpart'],
    ['henryⅣ@example.com', 'jid/disallowed', 'localpart'],
    ['♚@example.com', 'jid/disallowed', 'localpart'],
    ['juliet@', 'jid/empty', 'domainpart'],
    ['/foobar', 'jid/empty', 'domainpart'],
  ])('J-1 J-2: invalid: %s', (text, code, part) => {
    expect(refusal(text)).toEqual({ code, part })
    expect(tryParseJid(text)).toBeUndefined()
  })
})

describe('splitting', () => {
  test.each([
    ['a@b/c/d@e', 'a', 'b', 'c/d@e'],
    ['b/@c', '', 'b', '@c'],
    ['b//', '', 'b', '/'],
  ])('J-1: the first slash, then the first at sign before it: %s', (text, local, domain, resource) => {
    expect({ ...parseJid(text) }).toEqual({ local, domain, resource })
  })

  test.each([
    ['', 'domainpart'],
    ['@', 'localpart'],
    ['/', 'domainpart'],
    ['@/', 'localpart'],
    ['a@b/', 'resourcepart'],
    ['b/', 'resourcepart'],
    ['@b', 'localpart'],
    ['a@/c', 'domainpart'],
    ['.', 'domainpart'],
  ])('J-1: nothing where a separator announces something: %j', (text, part) => {
    expect(refusal(text)).toEqual({ code: 'jid/empty', part })
  })

  test('J-1: a second at sign belongs to the domainpart and is refused there', () => {
    expect(refusal('a@b@c')).toEqual({ code: 'jid/domain', part: 'domainpart' })
  })

  test.each([
    ['localpart', (n: number) => `${'a'.repeat(n)}@b`, 1023],
    ['localpart', (n: number) => `${'é'.repeat(n)}@b`, 511],
    ['resourcepart', (n: number) => `b/${'r'.repeat(n)}`, 1023],
    ['resourcepart', (n: number) => `b/${'♚'.repeat(n)}`, 341],
    ['resourcepart', (n: number) => `b/${'😀'.repeat(n)}`, 255],
  ])('J-1: a %s is counted in UTF-8 octets', (part, make, most) => {
    expect(tryParseJid(make(most))).toBeDefined()
    expect(refusal(make(most + 1))).toEqual({ code: 'jid/too-long', part })
  })

  test('J-1: decomposed text that is short enough when composed is accepted', () => {
    expect(parseJid(`b/${'e\u0301'.repeat(500)}`).resource).toBe('é'.repeat(500))
  })

  test('J-1: more than 3071 octets are refused before anything is looked at', () => {
    expect(refusal(`${'a'.repeat(1023)}@b/${'r'.repeat(2047)}`)).toEqual({
      code: 'jid/too-long',
      part: 'jid',
    })
  })
})

describe('the value', () => {
  test('is immutable', () => {
    const jid = parseJid('romeo@montague.example/orchard')
    expect(Object.isFrozen(jid)).toBe(true)
    expect(() => Object.assign(jid, { domain: 'evil.example' })).toThrow(TypeError)
  })

  test('J-3: equal when the prepared forms are', () => {
    const jid = parseJid('Romeo@Montague.Example./Orchard')
    expect(jid.toString()).toBe('romeo@montague.example/Orchard')
    expect(jid.equals(parseJid('ＲＯＭＥＯ@montague.example/Orchard'))).toBe(true)
    expect(jid.equals(parseJid('romeo@montague.example/orchard'))).toBe(false)
    expect(jid.equals(jid.bare)).toBe(false)
  })

  test('has one bare address for all its resources', () => {
    const orchard = parseJid('romeo@montague.example/orchard')
    const balcony = orchard.withResource('balcony')
    expect(orchard.bare).toBe(orchard.bare)
    expect(balcony.bare).toBe(orchard.bare)
    expect(parseJid('romeo@montague.example')).toBe(orchard.bare)
    expect(orchard.bare.bare).toBe(orchard.bare)
    expect(`${orchard.bare}`).toBe('romeo@montague.example')
    expect(`${parseJid('montague.example/x').bare}`).toBe('montague.example')
  })

  test('knows what it lacks', () => {
    const [domain, bare, fullAddress, service] = ['d', 'a@d', 'a@d/r', 'd/r'].map(parseJid) as [
      Jid,
      Jid,
      Jid,
      Jid,
    ]
    expect(
      [domain, bare, fullAddress, service].map((jid) => [
        jid.isDomain,
        jid.isBare,
        isBareJid(jid),
        isFullJid(jid),
      ]),
    ).toEqual([
      [true, true, true, false],
      [false, true, true, false],
      [false, false, false, true],
      [false, false, false, true],
    ])
  })

  test('takes another resource, prepared', () => {
    const jid = parseJid('romeo@montague.example')
    expect(jid.withResource('e\u0301').resource).toBe('é')
    expect(() => jid.withResource('')).toThrow(
      expect.objectContaining({ code: 'jid/empty', part: 'resourcepart' }),
    )
  })

  test('is a string in JSON', () => {
    expect(JSON.stringify({ to: parseJid('A@b/C') })).toBe('{"to":"a@b/C"}')
  })

  test('is put together from parts, each prepared on its own', () => {
    expect(makeJid({ local: 'Romeo', domain: 'Example.COM', resource: 'x' }).toString()).toBe(
      'romeo@example.com/x',
    )
    expect(makeJid({ domain: 'example.com' }).isDomain).toBe(true)
    expect(makeJid({ local: '', domain: 'example.com', resource: '' }).toString()).toBe('example.com')
    expect(() => makeJid({ local: 'a@b', domain: 'c' })).toThrow(JidError)
    expect(() => makeJid({ local: 'a', domain: 'b/c' })).toThrow(JidError)
    expect(() => makeJid({ local: 'a', domain: 'b@c' })).toThrow(JidError)
  })

  test('cannot be made unprepared', () => {
    // @ts-expect-error the constructor is private
    const construct = () => new Jid('A', 'B', '')
    expect(construct).toBeTypeOf('function')
  })
})

describe('hostile text', () => {
  test.each([
    ['a\0b@c', 'jid/disallowed', 'localpart'],
    ['a@b\0', 'jid/domain', 'domainpart'],
    ['a@b/\0', 'jid/disallowed', 'resourcepart'],
    ['a@b/\n', 'jid/disallowed', 'resourcepart'],
    ['a@b/\u007f', 'jid/disallowed', 'resourcepart'],
    ['a\ud800@b', 'jid/not-text', 'localpart'],
    ['a@b\udfff', 'jid/not-text', 'domainpart'],
    ['a@b/\udc00\ud800', 'jid/not-text', 'resourcepart'],
    ['a\u202eb@c', 'jid/disallowed', 'localpart'],
    ['a@b\u2066', 'jid/disallowed', 'domainpart'],
    ['a@b/\u202e', 'jid/disallowed', 'resourcepart'],
    ['a@b/\ufeff', 'jid/disallowed', 'resourcepart'],
    ['a@b/\ufffe', 'jid/disallowed', 'resourcepart'],
    ['a@b/\ue000', 'jid/disallowed', 'resourcepart'],
    ['a\u00ad@b', 'jid/disallowed', 'localpart'],
    ['a\u200b@b', 'jid/disallowed', 'localpart'],
    ['admin＠evil.example@c', 'jid/disallowed', 'localpart'],
    ['a／b@c', 'jid/disallowed', 'localpart'],
    ['a@b／c', 'jid/domain', 'domainpart'],
    ['a@b＠c', 'jid/domain', 'domainpart'],
  ])('J-2: %j is refused', (text, code, part) => {
    expect(refusal(text)).toEqual({ code, part })
  })

  test.each(['__proto__', 'constructor', 'tostring', 'hasownproperty'])(
    '%s is a name like any other',
    (name) => {
      const jid = parseJid(`${name}@${name === '__proto__' ? 'example.com' : `${name}.example`}/${name}`)
      expect(jid.local).toBe(name)
      expect(parseJid(name === '__proto__' ? 'a@b/__proto__' : name).equals(parseJid('other.example'))).toBe(
        false,
      )
    },
  )

  test.each(['a', '@', '/', '.', 'é', 'Σ', '\u0301', '\u200c', '\u0661', 'xn--', 'א', '[', '\ud800', '😀'])(
    '100 kB of %j are refused at once',
    (unit) => {
      const long = unit.repeat(100_000)
      for (const text of [long, `a@${long}`, `${long}@b`, `b/${long}`])
        expect(tryParseJid(text)).toBeUndefined()
    },
  )

  test.each(['\u0301', 'Σ', '\u200c', '\u0660', '\u0e33', '\ufdfa', '.', 'xn--a.', '\u05d0\u0300'])(
    'a text as long as any may be, all of %j, ends',
    (unit) => {
      const long = unit.repeat(Math.floor(1023 / unit.length))
      for (const text of [`a@${long}`, `${long}@b`, `b/${long}`]) {
        const jid = tryParseJid(text)
        expect(jid === undefined || parseJid(jid.toString()).equals(jid)).toBe(true)
      }
    },
  )

  test('NODE-4: what is not a string is refused, not coerced', () => {
    for (const value of [undefined, null, 1, {}, ['a@b']]) {
      expect(tryParseJid(value as never)).toBeUndefined()
    }
  })

  test('errors do not repeat the text', () => {
    expect(() => parseJid('se cret@example.com')).toThrow(
      /^localpart: has a character that is not allowed here$/,
    )
  })
})

describe('the memo', () => {
  test('answers the same object for the same text', () => {
    expect(parseJid('memo@example.com/1')).toBe(parseJid('memo@example.com/1'))
  })

  test('forgets what has not been asked for, and never holds more than twice its size', () => {
    const memo = createMemo<number>(4, 10)
    memo.set('kept', -1)
    for (let i = 0; i < 100; i++) {
      memo.set(`k${i}`, i)
      expect(memo.get('kept')).toBe(-1)
      expect(memo.size).toBeLessThanOrEqual(8)
    }
    expect(memo.get('k0')).toBeUndefined()
    expect(memo.get('k99')).toBe(99)
  })

  test('does not keep long keys', () => {
    const memo = createMemo<number>(4, 10)
    memo.set('12345678901', 1)
    expect(memo.get('12345678901')).toBeUndefined()
  })

  test('a flood of addresses does not change what parsing answers', () => {
    const before = parseJid('Flood@Example.com/x')
    for (let i = 0; i < 40_000; i++) parseJid(`u${i}@example.com`)
    const after = parseJid('Flood@Example.com/x')
    expect(after.equals(before)).toBe(true)
    expect(after.bare.equals(before.bare)).toBe(true)
  })
})
