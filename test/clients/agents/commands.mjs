import { createInterface } from 'node:readline'

const write = (value) => process.stdout.write(`${JSON.stringify(value)}\n`)

/** Tells the test of something that happened. */
export const tell = (event, details = {}) => write({ event, ...details })

/**
 * Carries out what the test asks for: `{ id, command, args }`, a line each. Each is answered by a line `{ id, result }` or
 * `{ id, error }`. The process ends with its input.
 *
 * @param {Record<string, (args: any) => unknown>} commands
 */
export function serveCommands(commands) {
  const lines = createInterface({ input: process.stdin })
  lines.on('line', async (line) => {
    const { id, command, args } = JSON.parse(line)
    try {
      write({ id, result: (await commands[command](args)) ?? null })
    } catch (error) {
      write({ id, error: error?.condition ?? error?.error?.condition ?? error?.message ?? String(error) })
    }
  })
  lines.on('close', () => process.exit(0))
}
