// Guides show parts of the examples as they are: a block whose info is `ts from PATH#REGION` holds what stands between
// `// #region REGION` and `// #endregion` in that file.
//   node packages/tooling/excerpts.mjs           writes them into the guides
//   node packages/tooling/excerpts.mjs --check   fails when a guide shows something else
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { filesIn, root, shown } from './workspace.mjs'

const fence = /^(```ts from (\S+?)#(\S+)\n)([\s\S]*?)^```$/gm

/** The lines of a region, without the indentation they share. */
export function region(text, name) {
  const lines = text.split('\n')
  const start = lines.findIndex((line) => line.trim() === `// #region ${name}`)
  const length = lines.slice(start + 1).findIndex((line) => line.trim() === '// #endregion')
  if (start < 0 || length < 0) return undefined
  const inside = lines.slice(start + 1, start + 1 + length)
  const indent = Math.min(...inside.filter((line) => line.trim()).map((line) => /^ */.exec(line)[0].length))
  return `${inside.map((line) => line.slice(indent)).join('\n')}\n`
}

/** A page with its excerpts as their files have them, and what is wrong with it. */
export function fill(page, read) {
  const problems = []
  const text = page.replace(fence, (block, head, path, name) => {
    const source = read(path)
    const code = source === undefined ? undefined : region(source, name)
    if (code === undefined) problems.push(`there is no region ${name} in ${path}`)
    return code === undefined ? block : `${head}${code}\`\`\``
  })
  return { text, problems }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const check = process.argv.includes('--check')
  const read = (path) => {
    const file = join(root, path)
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined
  }
  const wrong = []
  for (const file of filesIn(join(root, 'docs', 'guides'), '.md')) {
    const before = readFileSync(file, 'utf8')
    const { text, problems } = fill(before, read)
    wrong.push(...problems.map((problem) => `${shown(file)}: ${problem}`))
    if (text === before) continue
    if (check) wrong.push(`${shown(file)} does not show what its examples do: run pnpm generate`)
    else writeFileSync(file, text)
  }
  for (const problem of wrong) console.error(problem)
  if (wrong.length) process.exitCode = 1
  else console.log(`excerpts ${check ? 'are up to date' : 'written'}`)
}
