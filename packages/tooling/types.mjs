// Type-checks everything: sources, tests, examples, the bench, and the programs in READMEs and guides.
import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pages, removePrograms, writePrograms } from './examples.mjs'
import { root } from './workspace.mjs'

const folder = '.readme-types'
const project = join(root, 'packages', 'tooling', `tsconfig.${process.pid}.json`)
const all = pages()
const programs = all.flatMap((page) => writePrograms(page, folder))
try {
  const include = ['packages/*/src', 'packages/tooling/*.ts', 'test/**/*.ts', 'examples/*/src']
  const files = [...include.map((glob) => join(root, glob)), ...programs]
  const config = {
    extends: '../../tsconfig.json',
    include: files.map((file) => relative(join(project, '..'), file)),
  }
  writeFileSync(project, JSON.stringify(config))
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  // The bench is JavaScript with types in comments, and has a project of its own.
  const bench = spawnSync(process.execPath, [tsc, '-p', 'bench'], { cwd: root, encoding: 'utf8' })
  process.stdout.write(bench.stdout + bench.stderr)
  const run = spawnSync(process.execPath, [tsc, '-p', project, '--noEmit'], { cwd: root, encoding: 'utf8' })
  // The copies are gone when somebody reads this: name the page instead.
  const said = (run.stdout + run.stderr).replace(/(\S+)\/\.readme-types\/(\S+?)-\d+\.ts/g, (_, home, stem) =>
    stem === 'readme'
      ? `${home === 'packages/tooling' ? '' : `${home}/`}README.md`
      : `docs/guides/${stem}.md`,
  )
  process.stdout.write(said)
  process.exitCode = bench.status === 0 && run.status === 0 ? 0 : 1
} finally {
  rmSync(project, { force: true })
  for (const { home } of all) removePrograms(home, folder)
}
