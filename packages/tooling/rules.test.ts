// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the tests quote templates
import { describe, expect, test } from 'vitest'
import { coverage, idsIn, readRules, titlesIn } from './rules.mjs'

const ids = (text: string) => titlesIn(text).flatMap((found) => found.ids)

describe('rule ids in titles', () => {
  test.each([
    ['X-5: a prefix nobody declared', ['X-5']],
    ['X-5 X-6: two rules', ['X-5', 'X-6']],
    ['NODE-3, Q-1: a handler that throws', ['NODE-3', 'Q-1']],
    ['decodes UTF-8 and SHA-1 and XEP-0030', []],
    ['SCRAM-SHA-256-PLUS is not offered', []],
    ['ISO-8859-1 is refused', []],
  ])('%s', (title, expected) => {
    expect(idsIn(title)).toEqual(expected)
  })
})

describe('titles of a test file', () => {
  test('are the first arguments of test, it and describe', () => {
    expect(ids(`test('X-1: a', () => {}); it("X-2: b", () => {})`)).toEqual(['X-1', 'X-2'])
    expect(ids(`describe('S-1: group', () => { test('answers', () => {}) })`)).toEqual(['S-1'])
    expect(ids('test(`D-1: ${kind} is stamped`, async () => {})')).toEqual(['D-1'])
    expect(ids(`test.concurrent('X-3: c', { timeout: 1 }, () => {})`)).toEqual(['X-3'])
  })

  test('include those of tables', () => {
    expect(ids(`test.each([1, 2])('Q-9: %d', () => {})`)).toEqual(['Q-9'])
    expect(ids('test.each`a | b\n${1} | ${2}`("Q-8: $a", () => {})')).toEqual(['Q-8'])
    expect(ids(`describe.each(rows)('Q-7: %s', () => { it('x', () => {}) })`)).toEqual(['Q-7'])
    expect(ids(`test.runIf(ready)('Q-6: x', () => {})`)).toEqual(['Q-6'])
  })

  test('include ids that a table, loop or helper puts at their start', () => {
    expect(ids(`test.each([['A-1: first'], ['A-2 A-3: second']])('%s', () => {})`)).toEqual([
      'A-1',
      'A-2',
      'A-3',
    ])
    expect(ids("function table(rule) { test(`${rule}: %s`, () => {}) }\ntable('P-2')")).toEqual(['P-2'])
    expect(ids(`test('names', () => { expect(id).toBe('P-2') })`)).toEqual([])
    expect(ids("test(`${rule}: x`, () => { send('see A-1 there') })")).toEqual([])
  })

  test('leave out what never runs', () => {
    expect(ids(`test.skip('X-1: a', () => {}); test.todo('X-2: b')`)).toEqual([])
    expect(ids(`describe.skip('X-1: a', () => { test('X-2: b', () => {}) })`)).toEqual([])
    expect(ids(`describe('X-1: nothing inside', () => {})`)).toEqual([])
    expect(ids(`other('X-1: a'); // test('X-2: b')`)).toEqual([])
  })

  test('are the headings of conversations that say something', () => {
    const text = '# X-9: no\n== R-1 R-2: a roster\njuliet connects\n== R-3: nothing\n# juliet connects\n'
    expect(titlesIn(text, 'roster.wire')).toEqual([
      { title: 'R-1 R-2: a roster', ids: ['R-1', 'R-2'], line: 2 },
    ])
  })

  test('say where they are', () => {
    expect(titlesIn(`\n\ntest('X-1: a', () => {})`)).toEqual([{ title: 'X-1: a', ids: ['X-1'], line: 3 }])
  })
})

describe('the list of rules', () => {
  const rules = readRules()

  test('names every rule once, later ones with a reason', () => {
    expect(new Set(rules.map((rule) => rule.id)).size).toBe(rules.length)
    for (const rule of rules) {
      expect(rule).toMatchObject({
        summary: expect.stringMatching(/\.$/),
        spec: expect.any(String),
        from: expect.stringMatching(/^(issue|tests)$/),
      })
      expect(idsIn(rule.id)).toEqual([rule.id])
      expect(rule.status === 'later').toBe(Boolean(rule.reason))
    }
  })

  test('leaves a rule without a test among the missing', () => {
    const [first] = rules
    expect(coverage([first!], []).missing).toEqual([first])
  })
})
