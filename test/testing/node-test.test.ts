import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const file = fileURLToPath(new URL('chat.mjs', import.meta.url))

test('E-16: the kit works with node:test, ends by itself, and a failure says what came instead', async () => {
  // Not as a child of a test runner, or it would report to that one.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const child = spawn(process.execPath, ['--test', '--test-reporter=tap', file], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (text) => (output += String(text)))
  child.stderr.on('data', (text) => (output += String(text)))
  const [code] = await once(child, 'close')
  expect(output).toMatch(/^\s*ok 1 - people chat/m)
  expect(output).toMatch(/^\s*not ok 2 - what fails says why/m)
  expect(output).toContain('received nothing that passes')
  expect(output).toContain('within 10 ms of real time')
  expect(code).toBe(1)
})
