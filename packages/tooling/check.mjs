// Everything a change must pass, besides the tests. `pnpm check`, or `pnpm check layers types` for some steps.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { root } from './workspace.mjs'

const tool = (name, ...args) => [process.execPath, join('packages', 'tooling', name), ...args]
const bin = (name, ...args) => [join('node_modules', '.bin', name), ...args]

/** Steps by name: what they check, their commands one after another, and steps that must be over before. */
const steps = {
  format: { title: 'formatting and lint (biome)', run: [bin('biome', 'check', '--error-on-warnings', '.')] },
  lint: {
    title: 'lint with types (oxlint), rules of this repository',
    run: [
      bin(
        'oxlint',
        '--type-aware',
        '-c',
        'packages/tooling/oxlint.json',
        'packages',
        'test',
        'examples',
        'bench',
      ),
      tool('lint.mjs'),
    ],
  },
  types: { title: 'types of sources, tests, examples and README programs', run: [tool('types.mjs')] },
  layers: { title: 'layers, dependencies and shape of every package', run: [tool('layers.mjs')] },
  unused: {
    title: 'unused files, exports and dependencies (knip)',
    run: [bin('knip', '-c', 'packages/tooling/knip.json', '--no-config-hints', '--no-progress')],
  },
  build: { title: 'build', run: [tool('build.mjs')] },
  publish: {
    title: 'what npm would get (publint, are the types wrong)',
    run: [tool('publish.mjs')],
    after: ['build'],
  },
  docs: {
    title: 'generated pages and excerpts of examples are up to date',
    run: [tool('docs.mjs', '--check'), tool('excerpts.mjs', '--check')],
  },
  rules: { title: 'every protocol rule has a test', run: [tool('rules.mjs', '--check')] },
  api: { title: 'API documentation (typedoc)', run: [tool('api.mjs')] },
}

/** Long ones first, so that the two lanes end together. */
const order = ['types', 'build', 'api', 'lint', 'publish', 'unused', 'format', 'layers', 'docs', 'rules']
const lanes = 2
const timeLimitMs = 170_000

function execute([command, ...args]) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], timeout: timeLimitMs })
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    child.stderr.on('data', (chunk) => {
      output += chunk
    })
    child.on('error', (error) => resolve({ ok: false, output: error.message }))
    child.on('close', (code, signal) => {
      const late = signal ? `\nstopped by ${signal} after ${timeLimitMs / 1000} s` : ''
      resolve({ ok: code === 0, output: output + late })
    })
  })
}

async function runStep(name) {
  const started = performance.now()
  let output = ''
  let ok = true
  for (const command of steps[name].run) {
    const result = await execute(command)
    output += result.output
    ok &&= result.ok
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`\n── ${name}: ${steps[name].title} ── ${ok ? 'ok' : 'FAILED'} in ${seconds} s`)
  if (output.trim()) console.log(output.trim())
  return { name, ok, seconds }
}

/** Runs steps in two lanes; one whose predecessor failed is not run. */
async function runAll(names) {
  const waiting = order.filter((name) => names.includes(name))
  const results = new Map()
  const running = new Map()
  const blockers = (name) => (steps[name].after ?? []).filter((other) => names.includes(other))
  while (waiting.length || running.size) {
    // A copy: entries leave the list while it is walked.
    for (const name of waiting.slice()) {
      const before = blockers(name)
      if (before.some((other) => results.get(other)?.ok === false)) {
        waiting.splice(waiting.indexOf(name), 1)
        console.log(`\n── ${name}: not run, ${before.join(', ')} failed`)
        results.set(name, { name, ok: false, seconds: '0.0' })
      } else if (running.size < lanes && before.every((other) => results.has(other))) {
        waiting.splice(waiting.indexOf(name), 1)
        running.set(name, runStep(name))
      }
    }
    if (running.size === 0) continue
    const done = await Promise.race(running.values())
    running.delete(done.name)
    results.set(done.name, done)
  }
  return order.filter((name) => results.has(name)).map((name) => results.get(name))
}

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !Object.hasOwn(steps, name))
if (unknown.length) {
  console.error(`unknown: ${unknown.join(', ')}\nsteps: ${Object.keys(steps).join(' ')}`)
  process.exitCode = 2
} else {
  const started = performance.now()
  const names = asked.includes('publish') ? [...asked, 'build'] : asked
  const results = await runAll(names.length ? names : Object.keys(steps))
  const failed = results.filter((result) => !result.ok).map((result) => result.name)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(
    `\n${results.length - failed.length} of ${results.length} checks passed in ${seconds} s${failed.length ? `; failed: ${failed.join(', ')}` : ''}`,
  )
  process.exitCode = failed.length ? 1 : 0
}
