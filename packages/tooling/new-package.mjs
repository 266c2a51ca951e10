// pnpm new <name> --layer <n> [--description "..."] [--deps a,b] [--module]
// Makes packages/<name> from the template every package follows.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from './workspace.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    layer: { type: 'string' },
    description: { type: 'string', default: 'One sentence on what this block does.' },
    deps: { type: 'string', default: '' },
    module: { type: 'boolean', default: false },
  },
})
const [name] = positionals
if (!name || !/^[a-z][a-z0-9-]*$/.test(name) || !values.layer) {
  console.error('usage: pnpm new <name> --layer <0-7|kit> [--description "..."] [--deps jid,xml] [--module]')
  process.exit(2)
}
const dir = join(root, 'packages', name)
if (existsSync(join(dir, 'package.json'))) {
  console.error(`packages/${name} exists already`)
  process.exit(1)
}

const layer = /^\d$/.test(values.layer) ? Number(values.layer) : values.layer
const entry = (file) => ({
  '@xmppkit/source': `./src/${file}.ts`,
  types: `./dist/${file}.d.ts`,
  default: `./dist/${file}.js`,
})
const manifest = {
  name: `@xmppkit/${name}`,
  version: '0.1.0',
  description: values.description,
  license: 'MIT',
  type: 'module',
  sideEffects: false,
  engines: { node: '>=20.20.0' },
  files: ['dist', 'README.md'],
  exports: { '.': entry('index'), ...(values.module ? { './module': entry('module') } : {}) },
  dependencies: Object.fromEntries(
    values.deps
      .split(',')
      .filter(Boolean)
      .map((dep) => [`@xmppkit/${dep}`, 'workspace:^']),
  ),
  xmppkit: { layer },
}
const files = {
  'package.json': `${JSON.stringify(manifest, null, 2)}\n`,
  'typedoc.json': `${JSON.stringify({ extends: ['../tooling/typedoc.package.json'], entryPoints: Object.values(manifest.exports).map((e) => e['@xmppkit/source']) }, null, 2)}\n`,
  'README.md': `# @xmppkit/${name}\n\n${values.description}\n`,
  'src/index.ts': `/**\n * ${values.description}\n *\n * @packageDocumentation\n */\nexport {}\n`,
  ...(values.module ? { 'src/module.ts': 'export {}\n' } : {}),
}
for (const [file, text] of Object.entries(files)) {
  mkdirSync(join(dir, file, '..'), { recursive: true })
  writeFileSync(join(dir, file), text)
}
const tooling = join(root, 'packages', 'tooling', 'package.json')
const toolingManifest = JSON.parse(readFileSync(tooling, 'utf8'))
const known = { ...toolingManifest.devDependencies, [manifest.name]: 'workspace:^' }
toolingManifest.devDependencies = Object.fromEntries(Object.entries(known).sort())
writeFileSync(tooling, `${JSON.stringify(toolingManifest, null, 2)}\n`)
console.log(`made packages/${name}; run pnpm install, then write src/index.ts and the README's example`)
