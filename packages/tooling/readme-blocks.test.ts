import { describe, expect, test } from 'vitest'
import { fencedBlocks, runnableBlocks } from './readme.mjs'

const page = (...lines: string[]) => lines.join('\n')

describe('fenced blocks', () => {
  test('keep their text, language and first line', () => {
    expect(
      fencedBlocks(page('# x', '', '```sh', 'npm i x', '```', '', '~~~ts run', 'a()', '', 'b()', '~~~')),
    ).toEqual([
      { info: 'sh', code: 'npm i x\n', line: 4 },
      { info: 'ts run', code: 'a()\n\nb()\n', line: 8 },
    ])
  })

  test('end only at a fence at least as long, without words', () => {
    const [block] = fencedBlocks(page('````md', '```ts', 'inner', '```', '````'))
    expect(block).toEqual({ info: 'md', code: '```ts\ninner\n```\n', line: 2 })
  })

  test('that never end are none', () => {
    expect(fencedBlocks(page('```ts', 'a()'))).toEqual([])
  })
})

describe('programs to run', () => {
  test('are the first ts block and the marked ones', () => {
    const text = page('```ts', 'first()', '```', '```ts', 'shown()', '```', '```ts run', 'third()', '```')
    expect(runnableBlocks(text).map(({ code }) => code)).toEqual(['first()\n', 'third()\n'])
  })

  test('are those that register tests, marked as such', () => {
    expect(runnableBlocks('```ts\na()\n```\n```ts tests\nb()\n```')).toEqual([
      { code: 'a()\n', line: 2 },
      { code: 'b()\n', line: 5, tests: true },
    ])
  })

  test('are no fragments and no other language', () => {
    const text = page(
      '```js',
      'no()',
      '```',
      '```ts fragment',
      'no()',
      '```',
      '```typescript',
      'yes()',
      '```',
    )
    expect(runnableBlocks(text)).toEqual([{ code: 'yes()\n', line: 8 }])
    expect(runnableBlocks('```tsx\nno()\n```')).toEqual([])
  })
})
