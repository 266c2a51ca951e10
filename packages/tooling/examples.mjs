// The programs in READMEs and guides, and where they stand while they run or are type-checked.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { runnableBlocks } from './readme.mjs'
import { filesIn, packages, root, shown } from './workspace.mjs'

/**
 * Every page that must show a running program.
 * `home` is the folder whose dependencies the program may import: the package of a README;
 * for guides and the README of the repository this one, which depends on all packages.
 * `excerpts` counts what it shows of examples, which run by themselves.
 * @returns {{ page: string, home: string, programs: { code: string, line: number, tests?: boolean }[], excerpts: number }[]}
 */
export function pages() {
  const readmes = packages().map((pkg) => ({ file: join(pkg.dir, 'README.md'), home: pkg.dir }))
  const guides = [join(root, 'README.md'), ...filesIn(join(root, 'docs', 'guides'), '.md')].map((file) => ({
    file,
    home: join(root, 'packages', 'tooling'),
  }))
  return [...readmes, ...guides].map(({ file, home }) => ({
    page: shown(file),
    home,
    ...programsOf(existsSync(file) ? readFileSync(file, 'utf8') : ''),
  }))
}

const programsOf = (text) => ({
  programs: runnableBlocks(text),
  excerpts: text.match(/^```ts from /gm)?.length ?? 0,
})

/**
 * Writes programs as modules into a hidden folder of their home. Empty lines keep the line numbers of the page.
 * @returns the files, in order
 */
export function writePrograms({ page, home, programs }, folder) {
  const dir = join(home, folder)
  const stem = page.endsWith('README.md') ? 'readme' : basename(page, '.md')
  if (programs.length) mkdirSync(dir, { recursive: true })
  return programs.map(({ code, line }) => {
    const file = join(dir, `${stem}-${line}.ts`)
    writeFileSync(file, '\n'.repeat(line - 1) + code)
    return file
  })
}

/** Removes what writePrograms wrote. */
export function removePrograms(home, folder) {
  rmSync(join(home, folder), { recursive: true, force: true })
}
