// Installs dependencies when the ones on disk are not those of the lockfile. Needs Node and npm, nothing else.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './workspace.mjs'

const read = (...path) => {
  try {
    return readFileSync(join(root, ...path), 'utf8')
  } catch {
    return undefined
  }
}

// pnpm leaves a copy of the lockfile it installed from.
if (read('pnpm-lock.yaml') !== read('node_modules', '.pnpm', 'lock.yaml')) {
  const { packageManager } = JSON.parse(read('package.json'))
  const npx = process.platform === 'win32' ? 'npx.cmd' : 'npx'
  const run = spawnSync(npx, ['-y', packageManager, 'install', '--frozen-lockfile', '--silent'], {
    cwd: root,
    stdio: 'inherit',
  })
  process.exitCode = run.status ?? 1
}
