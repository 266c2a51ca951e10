// What users of npm get, checked before they do.
//   node packages/tooling/publish.mjs               publint and "are the types wrong" over every package
//   node packages/tooling/publish.mjs --stage DIR   writes one folder per package, ready for `npm publish` or `npm pack`
// Run build.mjs first.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { packageName } from './layers.mjs'
import { importsOf } from './sources.mjs'
import { filesIn, packages, root } from './workspace.mjs'

/** ESM only: what resolves as CommonJS is not asked. */
const otherProfiles = ['node10', 'node16-cjs']

/**
 * The manifest as it is published: nothing of this repository in it.
 * @param {any} manifest
 * @param {Map<string, string>} versions of the packages, by full name
 */
export function publishedManifest(manifest, versions) {
  const { xmppkit: _, devDependencies: __, ...rest } = manifest
  const pinned = (list) =>
    list &&
    Object.fromEntries(
      Object.entries(list).map(([name, range]) => [
        name,
        range.startsWith('workspace:') ? `${range.slice('workspace:'.length)}${versions.get(name)}` : range,
      ]),
    )
  const exports = Object.fromEntries(
    Object.entries(manifest.exports).map(([subpath, { '@xmppkit/source': ___, ...target }]) => [
      subpath,
      target,
    ]),
  )
  const { dependencies, peerDependencies } = manifest
  return {
    ...rest,
    exports,
    ...(dependencies && { dependencies: pinned(dependencies) }),
    ...(peerDependencies && { peerDependencies: pinned(peerDependencies) }),
  }
}

/** Every published file of a package with its content. */
function publishedFiles(pkg, versions) {
  const manifest = `${JSON.stringify(publishedManifest(pkg.manifest, versions), null, 2)}\n`
  const built = ['dist', 'bin'].flatMap((folder) => filesIn(join(pkg.dir, folder), ''))
  return [
    { name: 'package.json', data: manifest },
    { name: 'README.md', data: readFileSync(join(pkg.dir, 'README.md'), 'utf8') },
    { name: 'LICENSE', data: readFileSync(join(root, 'LICENSE'), 'utf8') },
    ...built.map((file) => ({ name: relative(pkg.dir, file), data: readFileSync(file, 'utf8') })),
  ]
}

/** True when a package brings its own declarations. */
function isTyped(dir) {
  const manifest = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'))
  if (manifest.types ?? manifest.typings) return true
  const exported = JSON.stringify(manifest.exports ?? manifest.main ?? '')
  // Declarations may also stand beside the file they are about.
  const entry = join(dir, manifest.main ?? 'index.js')
  return exported.includes('.d.') || existsSync(entry.replace(/\.[cm]?js$/, '.d.ts'))
}

/** What the declarations of a package import must reach its users with it, types included. */
function typeFindings(pkg, files) {
  const { dependencies = {}, peerDependencies = {} } = pkg.manifest
  const shipped = { ...dependencies, ...peerDependencies }
  const needed = new Set(
    files
      .filter((file) => file.name.endsWith('.d.ts'))
      .flatMap((file) => importsOf(file.data))
      .filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
      .map(packageName),
  )
  return [...needed].flatMap((name) => {
    if (!Object.hasOwn(shipped, name)) return [`its types import ${name}, which is no dependency`]
    const dir = join(pkg.dir, 'node_modules', name)
    const types = `@types/${name.replace('@', '').replace('/', '__')}`
    if (!existsSync(dir) || isTyped(dir) || Object.hasOwn(shipped, types)) return []
    return [`its types import ${name}, which has none: ${types} must be a dependency`]
  })
}

/** What publint and attw say about one package, and what its types need. */
async function findings(pkg, files) {
  const { publint } = await import('publint')
  const { formatMessage } = await import('publint/utils')
  const { Package, checkPackage } = await import('@arethetypeswrong/core')
  const packed = files.map(({ name, data }) => ({ name: `package/${name}`, data }))
  const linted = await publint({ pkgDir: 'package', pack: { files: packed } })
  const found = typeFindings(pkg, files)
  const messages = linted.messages
    .filter((message) => message.type !== 'suggestion')
    .map((message) => formatMessage(message, linted.pkg, { color: false }))
  found.push(...messages)

  const { name, version } = pkg.manifest
  const tree = Object.fromEntries(files.map((file) => [`/node_modules/${name}/${file.name}`, file.data]))
  const analysis = await checkPackage(new Package(tree, name, version))
  const problems = (analysis.types && analysis.problems) || []
  if (!analysis.types) found.push('has no types')
  for (const problem of problems) {
    if (otherProfiles.includes(problem.resolutionKind)) continue
    found.push(`types: ${problem.kind} at ${problem.entrypoint ?? problem.fileName ?? '?'}`)
  }
  for (const file of files)
    if (/\.test\.|\.tsbuildinfo$/.test(file.name)) found.push(`${file.name} is published`)
  return found
}

function stage(pkg, files, dir) {
  rmSync(join(dir, pkg.name), { recursive: true, force: true })
  for (const { name, data } of files) {
    const file = join(dir, pkg.name, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, data, { mode: data.startsWith('#!') ? 0o755 : 0o644 })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const pkgs = packages()
  const versions = new Map(pkgs.map((pkg) => [pkg.manifest.name, pkg.manifest.version]))
  const staged = process.argv[2] === '--stage' ? (process.argv[3] ?? join(root, '.pack')) : undefined
  let failed = 0
  for (const pkg of pkgs) {
    if (!existsSync(join(pkg.dir, 'dist'))) {
      console.error(`${pkg.manifest.name}: not built`)
      failed += 1
      continue
    }
    const files = publishedFiles(pkg, versions)
    if (staged) stage(pkg, files, staged)
    for (const finding of staged ? [] : await findings(pkg, files)) {
      console.error(`${pkg.manifest.name}: ${finding}`)
      failed += 1
    }
  }
  if (failed) process.exitCode = 1
  else
    console.log(
      staged ? `staged ${pkgs.length} packages in ${staged}` : `${pkgs.length} packages can be published`,
    )
}
