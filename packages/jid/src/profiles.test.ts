import { describe, expect, test } from 'vitest'
import { prepareDomain } from './domain.js'
import { JidError } from './errors.js'
import {
  nicknameKey,
  prepareLocalpart,
  prepareNickname,
  preparePassword,
  prepareResource,
} from './profiles.js'

type Prepare = (text: string) => string

function result(prepare: Prepare, text: string): string {
  try {
    return prepare(text)
  } catch (error) {
    if (error instanceof JidError) return error.code
    throw error
  }
}

describe('UsernameCaseMapped (RFC 8265 §3.3)', () => {
  test.each([
    ['fussball', 'fussball'],
    ['fußball', 'fußball'],
    ['π', 'π'],
    ['Σ', 'σ'],
    ['ΝΙΚΟΣ', 'νικος'],
    ['ΝΙΚΟΣ.Α', 'νικοσ.α'],
    ['İ', 'i\u0307'],
    ['Ꭰ', 'ꭰ'],
    ['ẞ', 'ß'],
    ['Ａ１', 'a1'],
    ['ｶ', 'カ'],
    ['ﾊ\uff9f', 'パ'],
    ['e\u0301', 'é'],
    ['A\u030a', 'å'],
    ['\u212b', 'å'],
    ['ạ\u0307', 'ạ\u0307'],
    ['a\u0307\u0323', 'ạ\u0307'],
    ['안녕', '안녕'],
    ['!#$%()*+,-.;=?[\\]^_`{|}~', '!#$%()*+,-.;=?[\\]^_`{|}~'],
  ])('J-2: %s becomes %s', (text, prepared) => {
    expect(prepareLocalpart(text)).toBe(prepared)
  })

  test.each([
    ['', 'jid/empty'],
    ['henryⅣ', 'jid/disallowed'],
    ['ﬀ', 'jid/disallowed'],
    ['ϒ', 'jid/disallowed'],
    ['²', 'jid/disallowed'],
    ['ǅ', 'jid/disallowed'],
    ['∞', 'jid/disallowed'],
    ['\u0488', 'jid/disallowed'],
    ['foo bar', 'jid/disallowed'],
    ['foo\u3000bar', 'jid/disallowed'],
    ['foo\u00a0bar', 'jid/disallowed'],
    ['\u1100', 'jid/disallowed'],
    ['\u0640', 'jid/disallowed'],
    ['\ue000', 'jid/disallowed'],
    ['\u{1f600}', 'jid/disallowed'],
    ['שc', 'jid/bidi'],
    ['cש', 'jid/bidi'],
    ['שc ש', 'jid/disallowed'],
    ['1ש', 'jid/bidi'],
    ['ש!', 'jid/bidi'],
    ['ש1\u0661', 'jid/bidi'],
    ['\u0661', 'jid/bidi'],
  ])('J-2: %s is refused as %s', (text, code) => {
    expect(result(prepareLocalpart, text)).toBe(code)
  })

  test.each([...'"&\'/:<>@ '])(
    'J-2: RFC 7622 §3.3.1 forbids %j, plain, fullwidth or in other company',
    (character) => {
      const fullwidth = character === ' ' ? '\u3000' : String.fromCodePoint(character.charCodeAt(0) + 0xfee0)
      for (const text of [`a${character}b`, `é${character}`, `a${fullwidth}b`]) {
        expect(result(prepareLocalpart, text)).toBe('jid/disallowed')
      }
    },
  )

  test.each(['ש1', 'ש\u0661', 'ש\u05b0', 'שלום', 'سلام', 'ש-ש'])(
    'J-2: the Bidi Rule holds for %s',
    (text) => {
      expect(prepareLocalpart(text)).toBe(text)
    },
  )
})

describe('context rules (RFC 5892 Appendix A)', () => {
  const jeem = '\u062c' // joins on both sides
  const alef = '\u0627' // joins on the right
  const sign = '\u0610' // transparent
  const virama = '\u0a4d'
  const phagsPa = '\ua872' // joins on the left
  const zwnj = '\u200c'
  const zwj = '\u200d'
  test.each([
    ['A.1', jeem + zwnj + alef],
    ['A.1', jeem + sign + zwnj + sign + alef],
    ['A.1', jeem + sign + sign + zwnj + sign + sign + alef],
    ['A.1', phagsPa + zwnj + jeem],
    ['A.1', virama + zwnj],
    ['A.1', phagsPa + virama + zwnj + jeem],
    ['A.2', virama + zwj],
    ['A.3', 'l·l'],
    ['A.3', 'al·l·la'],
    ['A.4', '\u0375α'],
    ['A.4', 'α\u0375\u0375α'],
    ['A.5', 'ש\u05f3\u05f3'],
    ['A.6', 'ש\u05f4'],
    ['A.7', 'aカ・b'],
    ['A.7', 'abc・dぶf'],
    ['A.7', '⺐bc・def'],
    ['A.8', '\u0661\u0662'],
    ['A.9', '\u06f1\u06f2'],
  ])('J-2: %s allows %j', (_rule, text) => {
    expect(prepareResource(text)).toBe(text)
  })

  test.each([
    ['A.1', zwnj],
    ['A.1', `${zwnj}a`],
    ['A.1', `a${zwnj}`],
    ['A.1', zwnj + alef],
    ['A.1', jeem + zwnj],
    ['A.1', sign + zwnj + sign + alef],
    ['A.1', jeem + sign + zwnj + sign],
    ['A.1', phagsPa + virama + sign + zwnj],
    ['A.1', `${alef}${zwnj}${alef}`],
    ['A.2', zwj],
    ['A.2', `a${zwj}`],
    ['A.2', `${virama}a${zwj}`],
    ['A.3', '·'],
    ['A.3', 'l·'],
    ['A.3', '·l'],
    ['A.3', 'l·a'],
    ['A.3', 'L·L'],
    ['A.4', '\u0375'],
    ['A.4', 'α\u0375'],
    ['A.4', '\u0375a'],
    ['A.4', 'α\u0375\u0375a'],
    ['A.5', '\u05f3'],
    ['A.5', '\u05f3ש'],
    ['A.6', 'a\u05f4b'],
    ['A.7', '・'],
    ['A.7', 'abc・def'],
    ['A.8', '\u0661\u06f1'],
    ['A.9', '\u06f1\u06f2\u0661'],
  ])('J-2: %s refuses %j', (_rule, text) => {
    expect(result(prepareResource, text)).toBe('jid/context')
  })
})

describe('OpaqueString (RFC 8265 §4.2)', () => {
  test.each([
    ['correct horse battery staple', 'correct horse battery staple'],
    ['Correct Horse Battery Staple', 'Correct Horse Battery Staple'],
    ['πßå', 'πßå'],
    ['Jack of ♦s', 'Jack of ♦s'],
    ['foo\u1680bar', 'foo bar'],
    ['a\u00a0\u2003\u202f\u205f\u3000b', 'a     b'],
    ['  two  ', '  two  '],
    ['A\u030a', 'Å'],
    ['\u212b', 'Å'],
    ['Richard Ⅳ', 'Richard Ⅳ'],
    ['Ａ', 'Ａ'],
    ['שa', 'שa'],
  ])('J-5: password %j becomes %j', (text, prepared) => {
    expect(preparePassword(text)).toBe(prepared)
  })

  test.each([
    ['', 'jid/empty'],
    ['my cat is a \tby', 'jid/disallowed'],
    ['a\0', 'jid/disallowed'],
    ['\ud800', 'jid/not-text'],
    ['x'.repeat(3072), 'jid/too-long'],
  ])('J-5: password %j is refused as %s', (text, code) => {
    expect(result(preparePassword, text)).toBe(code)
  })

  test('J-5: the error tells nothing of the password', () => {
    expect(() => preparePassword('hunter2\u0007')).toThrow(
      /^password: has a character that is not allowed here$/,
    )
  })

  test('J-2: a resource keeps its case and inner spaces and loses nothing at its end', () => {
    expect(prepareResource('My\u00a0Phone ')).toBe('My Phone ')
  })

  test.each([' foo', '\u00a0foo', ' '])(
    'J-2: RFC 7622 §3.5: a resource does not begin with a space: %j',
    (text) => {
      expect(result(prepareResource, text)).toBe('jid/disallowed')
    },
  )
})

describe('Nickname (RFC 8266)', () => {
  test.each([
    ['Foo', 'Foo', 'foo'],
    ['  Swan  of   Avon   ', 'Swan of Avon', 'swan of avon'],
    ['a\u00a0\u2003b', 'a b', 'a b'],
    ['Richard Ⅳ', 'Richard IV', 'richard iv'],
    ['ﬀ', 'ff', 'ff'],
    ['Σ', 'Σ', 'σ'],
    ['ς', 'ς', 'ς'],
    ['♚', '♚', '♚'],
    ['\u212b', 'Å', 'å'],
    ['שa', 'שa', 'שa'],
    ['\u00a8', '\u0308', '\u0308'],
  ])('%j is shown as %j and compared as %j', (text, shown, compared) => {
    expect(prepareNickname(text)).toBe(shown)
    expect(nicknameKey(text)).toBe(compared)
  })

  test.each(['', ' ', '\u3000\u00a0'])('%j is empty', (text) => {
    expect(result(prepareNickname, text)).toBe('jid/empty')
  })
})

describe('stability', () => {
  // mulberry32: the same texts in every run.
  function random(seed: number): () => number {
    return () => {
      seed = (seed + 0x6d2b79f5) | 0
      let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296
    }
  }
  const blocks: readonly (readonly [number, number])[] = [
    [0x20, 0x7e],
    [0x20, 0x7e],
    [0x80, 0x24f],
    [0x300, 0x36f],
    [0x370, 0x52f],
    [0x590, 0x6ff],
    [0x900, 0xdff],
    [0x10a0, 0x13ff],
    [0x1c80, 0x1fff],
    [0x2000, 0x206f],
    [0x2100, 0x218f],
    [0x3000, 0x30ff],
    [0xa640, 0xabff],
    [0xac00, 0xac80],
    [0xf900, 0xffff],
    [0x10400, 0x107ff],
    [0x16d40, 0x16e9f],
    [0x1d400, 0x1f6ff],
    [0, 0x10ffff],
  ]
  const next = random(7622)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!
  const texts = Array.from({ length: 20_000 }, () => {
    const block = pick(blocks)
    return Array.from({ length: 1 + Math.floor(next() * 6) }, () => {
      const [from, to] = next() < 0.8 ? block : pick(blocks)
      return String.fromCodePoint(from + Math.floor(next() * (to - from + 1)))
    }).join('')
  })

  test.each<[string, Prepare]>([
    ['localpart', prepareLocalpart],
    ['domainpart', prepareDomain],
    ['resourcepart', prepareResource],
    ['password', preparePassword],
    ['nickname', prepareNickname],
    ['nickname for comparison', nicknameKey],
  ])(
    'J-3: preparing a prepared %s changes nothing, and preparation only fails with JidError',
    (_name, prepare) => {
      let accepted = 0
      for (const text of texts) {
        const once = result(prepare, text)
        if (once.startsWith('jid/')) continue
        accepted++
        if (prepare(once) !== once) expect(prepare(once)).toBe(once)
        if (prepare(once.normalize('NFD')) !== once) expect(prepare(once.normalize('NFD'))).toBe(once)
      }
      expect(accepted).toBeGreaterThan(1000)
    },
  )
})
