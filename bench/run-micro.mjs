// @ts-check
// Runs the micro-benchmarks, each in a process of its own, on the core of the servers.
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { startChild } from './children.mjs'
import { pinned } from './machine.mjs'

/**
 * @typedef {object} MicroResult
 * @property {string} micro
 * @property {string} name
 * @property {number} ns
 * @property {string} [note]
 */

const names = ['reader', 'codec', 'hooks', 'router', 'jid']

/** @param {boolean} quick @returns {Promise<MicroResult[]>} */
export async function runMicro(quick) {
  /** @type {MicroResult[]} */
  const results = []
  for (const name of names) {
    const file = fileURLToPath(new URL(`./micro/${name}.mjs`, import.meta.url))
    const command = pinned('server', [process.execPath, file, '--json', ...(quick ? ['--quick'] : [])])
    const child = startChild(command, { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout?.on('data', (/** @type {Buffer} */ chunk) => {
      output += chunk
    })
    const [code] = await once(child, 'close')
    if (code !== 0) throw new Error(`the micro-benchmark ${name} ended with ${code}`)
    results.push(
      ...output
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    )
  }
  return results
}
