// @ts-check
// Runs one load in a process of its own, on a core of its own.
import { fileURLToPath } from 'node:url'
import { endChild, startChild } from './children.mjs'
import { pinned } from './machine.mjs'

const program = fileURLToPath(new URL('./load/main.mjs', import.meta.url))

/**
 * @param {string} load name of the load
 * @param {import('./load/login.mjs').Target} target
 * @param {object} options
 * @param {number} limitMs after which it counts as failed
 * @returns {Promise<any>} what the load found out
 */
export async function generate(load, target, options, limitMs) {
  const command = pinned('load', [process.execPath, '--max-semi-space-size=32', program])
  const child = startChild(command, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  /** @type {NodeJS.Timeout | undefined} */
  let timer
  try {
    return await new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`${load}: not done after ${limitMs / 1000} s`)), limitMs)
      child.once('error', reject)
      child.once('exit', (code) => reject(new Error(`${load}: the generator ended with ${code}`)))
      child.once('message', (message) => {
        const { result, error } = /** @type {{ result?: object, error?: string }} */ (message)
        if (error === undefined) resolve(result)
        else reject(new Error(`${load}: ${error}`))
      })
      const { pid, port, tlsPort, domains } = target
      child.send({ load, target: { pid, port, tlsPort, domains }, options })
    })
  } finally {
    clearTimeout(timer)
    await endChild(child, 5_000)
  }
}
