import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const root = fileURLToPath(new URL('../..', import.meta.url))
// Siblings resolve to their sources, so tests need no build.
const conditions = ['@xmppkit/source']
// What a test waits for is there at once; that a busy machine takes its time is no failure.
const poll = { timeout: 10_000 }
const shared = {
  root,
  resolve: { conditions },
  ssr: { resolve: { conditions } },
}

export default defineConfig({
  root,
  test: {
    passWithNoTests: false,
    // The long tests mostly wait, so on two cores two files at a time take half as long.
    maxWorkers: '100%',
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'packages/tooling/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
          expect: { poll },
        },
      },
      {
        ...shared,
        test: {
          name: 'e2e',
          include: ['test/**/*.test.ts', 'examples/*/src/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect: { poll },
        },
      },
    ],
  },
})
