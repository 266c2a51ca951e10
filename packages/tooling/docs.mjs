// Writes docs/reference from the sources: hooks, options, error codes, commands, XEPs, clients.
//   node packages/tooling/docs.mjs           writes
//   node packages/tooling/docs.mjs --check   fails when the committed pages differ
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { clientsPage } from './reference/clients.mjs'
import { commandProblems, commandsPage } from './reference/commands.mjs'
import { errorProblems, errorsPage } from './reference/errors.mjs'
import { hookProblems, hooksPage } from './reference/hooks.mjs'
import { readModel } from './reference/model.mjs'
import { optionsPage } from './reference/options.mjs'
import { doap, xepProblems, xepsPage } from './reference/xeps.mjs'
import { root } from './workspace.mjs'

const folder = join(root, 'docs', 'reference')

/** Every generated page by file name. */
export function generate(model) {
  return {
    'hooks.md': hooksPage(model),
    'options.md': optionsPage(model),
    'errors.md': errorsPage(model),
    'commands.md': commandsPage(model),
    'xeps.md': xepsPage(model),
    'xmppkit.doap': doap(model),
    'clients.md': clientsPage(),
  }
}

/** What the sources say that does not fit together. */
export const problems = (model) =>
  [hookProblems, errorProblems, commandProblems, xepProblems].flatMap((find) => find(model))

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const model = readModel()
  const pages = Object.entries(generate(model))
  const wrong = problems(model)
  if (process.argv.includes('--check')) {
    for (const [name, text] of pages) {
      const file = join(folder, name)
      if (!existsSync(file) || readFileSync(file, 'utf8') !== text)
        wrong.push(`docs/reference/${name} is out of date: run pnpm generate`)
    }
  } else {
    mkdirSync(folder, { recursive: true })
    for (const [name, text] of pages) writeFileSync(join(folder, name), text)
  }
  for (const problem of wrong) console.error(problem)
  // Pages are written all the same: what is wrong shows in them, and the check says it again.
  if (wrong.length && process.argv.includes('--check')) process.exitCode = 1
  else console.log(`${pages.length} pages ${process.argv.includes('--check') ? 'are up to date' : 'written'}`)
}
