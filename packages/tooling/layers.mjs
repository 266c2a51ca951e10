// The shape of the workspace: who may import whom, what every package contains, and the picture of it.
//   node packages/tooling/layers.mjs           checks, the picture included
//   node packages/tooling/layers.mjs --write   draws docs/graph.svg
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { drawGraph } from './graph.mjs'
import { runnableBlocks } from './readme.mjs'
import { importsOf, shippedFiles } from './sources.mjs'
import { entries, filesIn, inDependencyOrder, packages, root, shown, sourceFiles } from './workspace.mjs'

/** Highest layer a kit may know. */
const kitCeiling = 5
/** Packages whose import is the business of one package alone. */
const soleImporter = { ltx: 'xml', saslmechanisms: 'sasl' }
/** What the root manifest provides to every test. */
const testTools = ['vitest', 'saxes']

/**
 * Whether a package of one layer may depend on a package of another.
 * @param {number | string} from layer of the importing package
 * @param {number | string} to layer of the imported one
 * @param {{ test?: boolean }} use test: only its tests import it
 */
export function mayDepend(from, to, { test = false } = {}) {
  if (from === 'kit') return typeof to === 'number' && to <= kitCeiling
  if (to === 'kit') return test && typeof from === 'number' && from > kitCeiling
  return typeof from === 'number' && typeof to === 'number' && to < from
}

/** '@xmppkit/sessions/module' → '@xmppkit/sessions', 'pg/lib/x' → 'pg'. */
export function packageName(specifier) {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

/**
 * What is wrong with the dependencies of one package.
 * @param {{ name: string, layer: number | string, manifest: any }} pkg
 * @param {{ file: string, specifier: string, test: boolean }[]} imports every import of its files
 * @param {Map<string, { name: string, layer: number | string, manifest: any }>} known packages by full name
 * @returns {string[]}
 */
export function dependencyProblems(pkg, imports, known) {
  const { dependencies = {}, devDependencies = {}, peerDependencies = {} } = pkg.manifest
  const shipped = { ...dependencies, ...peerDependencies }
  const self = `@xmppkit/${pkg.name}`
  const used = { shipped: new Set(), test: new Set() }
  const problems = []

  for (const { file, specifier, test } of imports) {
    if (specifier.startsWith('.') || specifier.startsWith('node:')) continue
    const name = packageName(specifier)
    const target = known.get(name)
    if (name === self && !test) problems.push(`${file}: imports its own package by name`)
    if (target && !Object.hasOwn(target.manifest.exports ?? {}, `.${specifier.slice(name.length)}`))
      problems.push(`${file}: ${specifier} is not an entry of ${name}`)
    if (name === self) continue
    used[test ? 'test' : 'shipped'].add(name)
    if (soleImporter[name] && soleImporter[name] !== pkg.name)
      problems.push(`${file}: only @xmppkit/${soleImporter[name]} imports ${name}`)
    if (target && !mayDepend(pkg.layer, target.layer, { test }))
      problems.push(`${file}: layer ${pkg.layer} may not import ${name} (layer ${target.layer})`)
    const declared = Object.hasOwn(shipped, name) || (test && Object.hasOwn(devDependencies, name))
    if (!declared && !(test && testTools.includes(name)))
      problems.push(
        Object.hasOwn(devDependencies, name)
          ? `${file}: ${name} is only a dev dependency, but this file is shipped`
          : `${file}: ${name} is not declared in package.json`,
      )
  }

  for (const [kind, list] of Object.entries({ dependencies, devDependencies, peerDependencies })) {
    for (const [name, range] of Object.entries(list)) {
      const target = known.get(name)
      if (name.startsWith('@xmppkit/') && !target) problems.push(`package.json: ${name} does not exist`)
      if (!target) continue
      const test = kind === 'devDependencies'
      if (range !== 'workspace:^') problems.push(`package.json: ${name} must be "workspace:^"`)
      if (!mayDepend(pkg.layer, target.layer, { test }))
        problems.push(`package.json: layer ${pkg.layer} may not depend on ${name} (layer ${target.layer})`)
      if (!used.shipped.has(name) && !used.test.has(name)) problems.push(`package.json: ${name} is not used`)
      else if (!test && !used.shipped.has(name))
        problems.push(`package.json: only tests use ${name}, make it a dev dependency`)
      if (test && Object.hasOwn(shipped, name)) problems.push(`package.json: ${name} is declared twice`)
    }
  }
  return problems
}

/** What a package's manifest and files lack compared with all the others. */
export function shapeProblems(pkg, { exists, read, version }) {
  const problems = []
  const { manifest } = pkg
  const want = (ok, text) => ok || problems.push(text)
  want(manifest.name === `@xmppkit/${pkg.name}`, `package.json: name must be @xmppkit/${pkg.name}`)
  want(manifest.version === version, `package.json: version must be ${version}, as in all packages`)
  want(manifest.type === 'module', 'package.json: type must be module')
  want(manifest.sideEffects === false, 'package.json: sideEffects must be false')
  want(Boolean(manifest.description), 'package.json: description is missing')
  want(manifest.license === 'MIT', 'package.json: license must be MIT')
  want(Boolean(manifest.engines?.node), 'package.json: engines.node is missing')
  want(
    ['dist', 'README.md'].every((f) => manifest.files?.includes(f)),
    'package.json: files must list dist and README.md',
  )
  want(
    typeof pkg.layer === 'number' || pkg.layer === 'kit',
    'package.json: xmppkit.layer must be a number or "kit"',
  )
  want(Object.hasOwn(manifest.exports ?? {}, '.'), 'package.json: exports "." is missing')
  for (const [subpath, target] of Object.entries(manifest.exports ?? {})) {
    const source = target['@xmppkit/source'] ?? ''
    const built = source.replace('./src/', './dist/').replace(/\.ts$/, '')
    const right = JSON.stringify({
      '@xmppkit/source': source,
      types: `${built}.d.ts`,
      default: `${built}.js`,
    })
    want(
      JSON.stringify(target) === right,
      `package.json: exports "${subpath}" must name source, types and default alike`,
    )
    want(exists(source), `${source} is an entry but missing`)
  }
  for (const file of ['README.md', 'typedoc.json', 'src/index.ts']) want(exists(file), `${file} is missing`)
  if (exists('typedoc.json')) {
    const listed = JSON.parse(read('typedoc.json')).entryPoints ?? []
    const right = entries(pkg).map(({ source }) => source)
    want(
      JSON.stringify(listed) === JSON.stringify(right),
      `typedoc.json: entryPoints must be ${JSON.stringify(right)}`,
    )
  }
  return problems
}

/** Every import of a package's files, and of the examples in its README, with whether it is shipped. */
export function importsOfPackage(pkg) {
  const shipped = new Set(shippedFiles(pkg))
  const found = []
  const add = (file, text, test) => {
    for (const specifier of importsOf(text)) found.push({ file, specifier, test })
  }
  for (const file of sourceFiles(pkg)) add(shown(file), readFileSync(file, 'utf8'), !shipped.has(file))
  const readme = join(pkg.dir, 'README.md')
  if (existsSync(readme))
    for (const block of runnableBlocks(readFileSync(readme, 'utf8'))) add(shown(readme), block.code, true)
  return found
}

/** Imports that leave the package by a path instead of by name. */
function escapes(pkg, imports) {
  return imports
    .filter(({ file, specifier }) => {
      if (!specifier.startsWith('.')) return false
      return relative(pkg.dir, join(root, file, '..', specifier)).startsWith('..')
    })
    .map(({ file, specifier }) => `${file}: ${specifier} leaves the package`)
}

/** Folders that use the packages without being one: what they import must be declared. */
function consumerProblems(dir, known) {
  const file = join(dir, 'package.json')
  if (!existsSync(file)) return []
  const manifest = JSON.parse(readFileSync(file, 'utf8'))
  const declared = { ...manifest.dependencies, ...manifest.devDependencies }
  const problems = new Set()
  for (const source of filesIn(dir)) {
    for (const specifier of importsOf(readFileSync(source, 'utf8'))) {
      const name = packageName(specifier)
      if (!known.has(name)) continue
      if (!Object.hasOwn(declared, name)) problems.add(`${shown(dir)}: ${name} is imported, but not declared`)
      if (!Object.hasOwn(known.get(name).manifest.exports, `.${specifier.slice(name.length)}`))
        problems.add(`${shown(source)}: ${specifier} is not an entry of ${name}`)
    }
  }
  return [...problems]
}

/** Everything that is wrong, as sentences starting with a path. */
export function check() {
  const pkgs = packages()
  const known = new Map(pkgs.map((pkg) => [`@xmppkit/${pkg.name}`, pkg]))
  const version = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version
  const problems = []
  for (const pkg of pkgs) {
    const imports = importsOfPackage(pkg)
    const files = {
      version,
      exists: (file) => existsSync(join(pkg.dir, file)),
      read: (file) => readFileSync(join(pkg.dir, file), 'utf8'),
    }
    const prefixed = [...shapeProblems(pkg, files), ...dependencyProblems(pkg, imports, known)]
    problems.push(
      ...prefixed.map((text) => (text.startsWith('packages/') ? text : `packages/${pkg.name}/${text}`)),
    )
    problems.push(...escapes(pkg, imports))
  }
  const tooling = JSON.parse(readFileSync(join(root, 'packages', 'tooling', 'package.json'), 'utf8'))
  // Programs in guides run there and may import every package.
  for (const name of known.keys())
    if (!Object.hasOwn(tooling.devDependencies ?? {}, name))
      problems.push(`packages/tooling/package.json: ${name} is missing among the dev dependencies`)
  const consumers = ['test', ...folders('examples')]
  for (const dir of consumers) problems.push(...consumerProblems(join(root, dir), known))
  try {
    inDependencyOrder(pkgs)
  } catch (error) {
    problems.push(error.message)
  }
  return problems
}

function folders(parent) {
  return filesIn(join(root, parent), 'package.json').map((file) => relative(root, join(file, '..')))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const picture = join(root, 'docs', 'graph.svg')
  const drawn = drawGraph(packages())
  if (process.argv.includes('--write')) {
    writeFileSync(picture, drawn)
  } else {
    const problems = check()
    if (!existsSync(picture) || readFileSync(picture, 'utf8') !== drawn)
      problems.push('docs/graph.svg is out of date: run pnpm graph')
    for (const problem of problems) console.error(problem)
    if (problems.length) process.exitCode = 1
    else console.log(`${packages().length} packages, every import goes down`)
  }
}
