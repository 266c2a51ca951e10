// @ts-check
// Runs the measurement of archives, in a process of its own, on the core of the servers.
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { startChild } from './children.mjs'
import { pinned } from './machine.mjs'

/** Prints its figures as they come. @param {boolean} quick */
export async function runArchive(quick) {
  const file = fileURLToPath(new URL('./archive-pages.mjs', import.meta.url))
  const command = pinned('server', [process.execPath, file, ...(quick ? ['--quick'] : [])])
  const [code] = await once(startChild(command, { stdio: ['ignore', 'inherit', 'inherit'] }), 'close')
  if (code !== 0) throw new Error(`the measurement of archives ended with ${code}`)
}
