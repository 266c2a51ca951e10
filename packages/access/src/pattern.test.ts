import { describe, expect, test } from 'vitest'
import { compileGlob, compileRegexp } from './pattern.js'

describe('regular expressions', () => {
  // Every pattern is legal for the engine of the language too, which is the second opinion.
  const patterns = [
    'abc',
    '^abc$',
    'a|b|',
    '^(ab|cd)+$',
    'a*b',
    '^a?b+c*$',
    '[a-c]x',
    '[^a-c]x',
    '^[]a]',
    '^[a-]$',
    '\\d+',
    '^\\w+\\.\\s$',
    '^a{3}$',
    '^a{2,}$',
    '^a{1,3}b$',
    '^(?:a|bc){2}$',
    '(a|b)*abb$',
    '^$',
    '',
    'a.c',
    '[\\d_-]+$',
    '^\\^\\$\\\\$',
    'a+?b',
    '^(a?)*b',
    '(^a|b$)',
    '[\\n\\t]',
    '^é+$',
    '^(((x)))$',
    'a(|b)c',
  ]
  const texts = [
    '',
    'a',
    'b',
    'c',
    'ab',
    'abc',
    'xabcx',
    'aab',
    'aaa',
    'aaaa',
    'cd',
    'abcd',
    'ax',
    'dx',
    ']',
    '-',
    '1',
    '12_',
    'x.y',
    'a. ',
    '^$\\',
    'bcbc',
    'abc',
    'aabb',
    'ababb',
    'é',
    'éé',
    'a\nc',
    'axc',
    'ac',
    'x',
    '\n',
    'aab.',
    'a\u{1F600}c',
    'b'.repeat(40),
  ]
  test.each(patterns)('%s finds what the engine of the language finds', (source) => {
    // ]-first classes are POSIX, not ECMAScript.
    const oracle = new RegExp(source.replace('[]a]', '[\\]a]'), 'u')
    const matches = compileRegexp(source)
    for (const text of texts) expect([text, matches(text)]).toEqual([text, oracle.test(text)])
  })

  test.each([
    ['(', 'does not close a group'],
    ['a)', 'closes a group it did not open'],
    ['*a', 'nothing before its *'],
    ['a**', 'repeats a repetition'],
    ['[a', 'does not close a ['],
    ['[', 'does not close a ['],
    ['a{', 'no repetition'],
    ['a{3,2}', 'at least 3 and at most 2'],
    ['a{999}', 'more than 200'],
    ['(a{200}){200}', 'too large'],
    ['\\', 'backslash'],
    ['\\1', 'not supported'],
    ['\\bx', 'not supported'],
    ['(?=a)', 'not supported'],
    ['[z-a]', 'ends before it begins'],
    ['('.repeat(60) + ')'.repeat(60), 'nests too deep'],
  ])('%s is refused', (source, reason) => {
    expect(() => compileRegexp(source)).toThrow(reason)
  })

  test('L-3: no text makes a pattern slow', () => {
    const evil = ['^(a+)+$', '^(a|aa)+$', '(.*)*b', '^(a?){50}a{50}$', '(x+x+)+y']
    for (const source of evil) {
      const matches = compileRegexp(source)
      const started = process.cpuUsage()
      matches(`${'a'.repeat(1_000)}!`)
      matches(`${'x'.repeat(1_000)}!`)
      // Backtracking would take longer than the universe exists.
      expect(process.cpuUsage(started).user).toBeLessThan(2_000_000)
    }
  })
})

describe('globs', () => {
  test.each([
    ['*', '', true],
    ['*', 'anything@all', true],
    ['a*c', 'abbbc', true],
    ['a*c', 'abbbcd', false],
    ['?', 'a', true],
    ['?', '\u{1F600}', true],
    ['?', '', false],
    ['[a-c]*', 'bob', true],
    ['[!a-c]*', 'bob', false],
    ['[!a-c]*', 'eve', true],
    ['a.b', 'axb', false],
    ['(a|b)+', '(a|b)+', true],
    ['\\*', '*', true],
    ['\\*', 'x', false],
    ['*.example.org', 'chat.example.org', true],
    ['*.example.org', 'example.org', false],
  ])('%s on %j is %s', (glob, text, expected) => {
    expect(compileGlob(glob)(text)).toBe(expected)
  })

  test('an open class is refused', () => {
    expect(() => compileGlob('a[b')).toThrow('does not close a [')
  })
})
