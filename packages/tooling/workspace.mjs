// The one place that knows how the packages of this repository are found.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Absolute path of the repository. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

/** Layers in the order they are drawn; a kit or tool has a name instead of a number. */
export const layerTitles = {
  0: 'layer 0 · useful alone',
  1: 'layer 1 · stanzas, modules',
  2: 'layer 2 · core blocks',
  3: 'layer 3 · authentication, discovery',
  4: 'layer 4 · client sessions',
  5: 'layer 5 · features',
  6: 'layer 6 · edges and storage',
  7: 'layer 7 · server',
  8: 'layer 8 · command line',
  kit: 'kits',
}

/**
 * Every published package: folder name, manifest, layer and workspace dependencies (dev ones too).
 * @returns {{ name: string, dir: string, manifest: any, layer: number | string, deps: string[] }[]}
 */
export function packages() {
  const found = []
  for (const name of readdirSync(join(root, 'packages')).sort()) {
    const file = join(root, 'packages', name, 'package.json')
    if (!existsSync(file)) continue
    const manifest = JSON.parse(readFileSync(file, 'utf8'))
    if (manifest.xmppkit?.layer === 'tooling') continue
    const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.peerDependencies }
    const deps = Object.keys(all)
      .filter((dep) => dep.startsWith('@xmppkit/'))
      .map((dep) => dep.slice('@xmppkit/'.length))
    found.push({ name, dir: join(root, 'packages', name), manifest, layer: manifest.xmppkit?.layer, deps })
  }
  return found
}

/**
 * The source file behind every entry of a package's exports map.
 * @returns {{ subpath: string, source: string }[]}
 */
export function entries(pkg) {
  return Object.entries(pkg.manifest.exports ?? {})
    .filter(([, target]) => typeof target === 'object' && target['@xmppkit/source'])
    .map(([subpath, target]) => ({ subpath, source: target['@xmppkit/source'] }))
}

/** Scripts a package starts by address, such as workers: `new URL('./worker.js', import.meta.url)`. */
function startedScripts(pkg) {
  return sourceFiles(pkg)
    .filter((file) => !isTest(file))
    .flatMap((file) => [
      ...readFileSync(file, 'utf8').matchAll(/new URL\(\s*'\.\/([\w-]+)\.js',\s*import\.meta\.url\s*\)/g),
    ])
    .map(([, name]) =>
      existsSync(join(pkg.dir, 'src', `${name}.ts`)) ? `./src/${name}.ts` : `./src/${name}.js`,
    )
}

/** Source files that are entries of a package: its exports, its programs, and the scripts it starts. */
export function entryFiles(pkg) {
  // A program outside dist is plain JavaScript that needs no build.
  const programs = Object.values(typeof pkg.manifest.bin === 'object' ? pkg.manifest.bin : {}).filter(
    (file) => file.includes('/dist/'),
  )
  const sources = [
    ...entries(pkg).map(({ source }) => source),
    ...programs.map((file) => file.replace('/dist/', '/src/').replace(/\.js$/, '.ts')),
    ...startedScripts(pkg),
  ]
  return [...new Set(sources)].map((source) => join(pkg.dir, source))
}

/** Packages ordered so that every one comes after what it depends on. */
export function inDependencyOrder(pkgs = packages()) {
  const byName = new Map(pkgs.map((pkg) => [pkg.name, pkg]))
  const done = new Set()
  const ordered = []
  const visit = (pkg, trail) => {
    if (done.has(pkg.name)) return
    if (trail.includes(pkg.name))
      throw new Error(`packages depend on each other: ${[...trail, pkg.name].join(' → ')}`)
    for (const dep of pkg.deps) if (byName.has(dep)) visit(byName.get(dep), [...trail, pkg.name])
    done.add(pkg.name)
    ordered.push(pkg)
  }
  for (const pkg of pkgs) visit(pkg, [])
  return ordered
}

/** Files below a folder whose path ends as asked, sorted; nothing when the folder is missing. */
export function filesIn(dir, ending = '.ts') {
  if (!existsSync(dir)) return []
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((file) => !/(^|[\\/])(node_modules|dist)[\\/]/.test(relative(dir, file)))
    .sort()
}

/** What a package is written in: TypeScript, and JavaScript for what a worker runs unbuilt. */
export function sourceFiles(pkg) {
  return filesIn(join(pkg.dir, 'src'), '').filter(
    (file) => /\.(ts|js)$/.test(file) && !file.endsWith('.d.ts'),
  )
}

/** True for unit tests and type tests. */
export const isTest = (file) => /\.test(-d)?\.ts$/.test(file)

/** A path as a person reads it: from the root of the repository, with slashes. */
export const shown = (file) => relative(root, file).replaceAll('\\', '/')
