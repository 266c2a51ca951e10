import { expect, test } from 'vitest'
import { fill, region } from './excerpts.mjs'

const source = [
  'const a = 1',
  '  // #region part',
  '  if (a) {',
  '    b()',
  '  }',
  '  // #endregion',
  '',
].join('\n')
const page = (code: string) => `before\n\n\`\`\`ts from examples/x/src/app.ts#part\n${code}\`\`\`\n\nafter\n`

test('a region loses the indentation its lines share', () => {
  expect(region(source, 'part')).toBe('if (a) {\n  b()\n}\n')
  expect(region(source, 'par')).toBeUndefined()
})

test('a page is filled with what the file has, again and again', () => {
  const filled = page('if (a) {\n  b()\n}\n')
  expect(fill(page(''), () => source)).toEqual({ text: filled, problems: [] })
  expect(fill(filled, () => source).text).toBe(filled)
  expect(fill(page('old\n'), () => source).text).toBe(filled)
})

test('what is not there is named, and the page left as it is', () => {
  const problem = ['there is no region part in examples/x/src/app.ts']
  expect(fill(page('old\n'), () => undefined)).toEqual({ text: page('old\n'), problems: problem })
  expect(fill(page('old\n'), () => 'nothing').problems).toEqual(problem)
})
