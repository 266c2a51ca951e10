// Builds packages/*/dist: JavaScript with tsup, declarations with one compiler pass over all packages.
//   node packages/tooling/build.mjs          both
//   node packages/tooling/build.mjs --js     JavaScript only
//   --force builds what is up to date too; further arguments name packages
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { entries, entryFiles, filesIn, isTest, packages, root, shown } from './workspace.mjs'

const memory = join(root, 'node_modules', '.cache', 'xmppkit-build.json')
const compilerOptions = join(root, 'packages', 'tooling', 'tsconfig.base.json')

/** What a run leaves behind for the next one: one fingerprint per package and kind of output. */
function remembered() {
  try {
    return JSON.parse(readFileSync(memory, 'utf8'))
  } catch {
    return {}
  }
}

function fingerprint(files) {
  const hash = createHash('sha256')
  for (const file of files)
    hash.update(relative(root, file)).update('\0').update(readFileSync(file)).update('\0')
  return hash.digest('hex')
}

const tools = () => [fileURLToPath(import.meta.url), compilerOptions, join(root, 'pnpm-lock.yaml')]
const inputs = (pkg) => [
  join(pkg.dir, 'package.json'),
  ...filesIn(join(pkg.dir, 'src'), '').filter((file) => !isTest(file)),
]

/** packages/x/dist/foo.js or .d.ts for packages/x/src/foo.ts. */
const output = (source, ending) =>
  join(
    root,
    relative(root, source)
      .replace(/^(packages\/[^/]+)\/src\//, '$1/dist/')
      .replace(/(\.d)?\.(ts|js)$/, ending),
  )

const declared = (pkg) => entries(pkg).map(({ source }) => join(pkg.dir, source))
const isBuilt = (sources, ending) => sources.every((file) => existsSync(output(file, ending)))

/** Removes files of an earlier build that this one did not write. */
function sweep(pkg, keep) {
  for (const file of filesIn(join(pkg.dir, 'dist'), '')) if (!keep(file)) rmSync(file)
}

/** One package's JavaScript: an entry each for its exports and programs, shared code in chunks. */
async function buildScripts(pkg) {
  const { build } = await import('tsup')
  const sources = entryFiles(pkg)
  for (const file of sources) if (!existsSync(file)) throw new Error(`${shown(file)} is an entry but missing`)
  for (const file of filesIn(join(pkg.dir, 'dist'), '.js')) rmSync(file)
  await build({
    config: false,
    entry: Object.fromEntries(
      sources.map((file) => [relative(join(pkg.dir, 'src'), file).replace(/\.\w+$/, ''), file]),
    ),
    outDir: join(pkg.dir, 'dist'),
    format: ['esm'],
    target: 'node20',
    platform: 'node',
    splitting: true,
    skipNodeModulesBundle: true,
    removeNodeProtocol: false,
    tsconfig: compilerOptions,
    silent: true,
  })
}

/** Declarations of every package in one program, so that nothing waits for anything. */
async function buildDeclarations(pkgs) {
  const { createProgram, formatDiagnostics } = await import('./compiler.mjs')
  const program = createProgram(pkgs.flatMap(declared), { emitDeclarationOnly: true, declaration: true })
  const written = new Set()
  const result = program.emit(
    undefined,
    (file, text) => {
      const target = output(file, '.d.ts')
      written.add(target)
      mkdirSync(dirname(target), { recursive: true })
      writeFileSync(target, text)
    },
    undefined,
    true,
  )
  const problems = [...result.diagnostics, ...program.getSyntacticDiagnostics()]
  if (problems.length) throw new Error(formatDiagnostics(problems))
  // The compiler leaves hand-written declarations where they are; those of plain JavaScript are needed too.
  for (const pkg of pkgs) {
    for (const file of filesIn(join(pkg.dir, 'src'), '.d.ts')) {
      const target = output(file, '.d.ts')
      written.add(target)
      copyFileSync(file, target)
    }
    sweep(pkg, (file) => !file.endsWith('.d.ts') || written.has(file))
    const missing = declared(pkg).filter((file) => !existsSync(output(file, '.d.ts')))
    for (const file of missing) throw new Error(`no declarations were written for ${shown(file)}`)
  }
}

/** Runs jobs, a few at a time. */
async function inParallel(jobs, width) {
  const queue = [...jobs]
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let job = queue.shift(); job; job = queue.shift()) await job()
    }),
  )
}

/**
 * Builds what changed and answers with the names of what was built.
 * @param {{ js?: boolean, force?: boolean, only?: string[] }} options
 */
export async function buildAll({ js = false, force = false, only = [] } = {}) {
  const pkgs = packages()
  const state = remembered()
  const chosen = only.length ? pkgs.filter((pkg) => only.includes(pkg.name)) : pkgs
  const tool = fingerprint(tools())
  const print = new Map(pkgs.map((pkg) => [pkg.name, `${tool}:${fingerprint(inputs(pkg))}`]))
  const stale = chosen.filter(
    (pkg) => force || state[pkg.name] !== print.get(pkg.name) || !isBuilt(entryFiles(pkg), '.js'),
  )
  const failures = []
  await inParallel(
    stale.map((pkg) => async () => {
      try {
        await buildScripts(pkg)
        state[pkg.name] = print.get(pkg.name)
      } catch (error) {
        failures.push(`@xmppkit/${pkg.name}: ${error.message}`)
      }
    }),
    4,
  )
  const all = [...print.values()].join()
  const types = !js && (force || state['*'] !== all || pkgs.some((pkg) => !isBuilt(declared(pkg), '.d.ts')))
  if (types) {
    await buildDeclarations(pkgs)
    state['*'] = all
  }
  mkdirSync(dirname(memory), { recursive: true })
  writeFileSync(memory, JSON.stringify(state))
  if (failures.length) throw new Error(failures.join('\n'))
  return { scripts: stale.map((pkg) => pkg.name), types }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const flags = process.argv.slice(2)
  const started = performance.now()
  try {
    const built = await buildAll({
      js: flags.includes('--js'),
      force: flags.includes('--force'),
      only: flags.filter((flag) => !flag.startsWith('--')),
    })
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    if (built.scripts.length || built.types)
      console.error(
        `built ${built.scripts.length} packages${built.types ? ' and all declarations' : ''} in ${seconds} s`,
      )
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
