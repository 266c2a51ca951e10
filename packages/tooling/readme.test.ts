import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { pages, removePrograms, writePrograms } from './examples.mjs'

const folder = '.readme'
const all = pages()

/** Listening sockets and connections that keep this process alive. */
const openSockets = () =>
  process
    .getActiveResourcesInfo()
    .filter((kind) => ['TCPServerWrap', 'TCPSocketWrap', 'TLSWrap'].includes(kind))

afterAll(() => {
  for (const { home } of all) removePrograms(home, folder)
})

describe.each(all.map((page) => [page.page, page] as const))('%s', (_, page) => {
  test('shows a complete program', () => {
    expect(page.programs.length + page.excerpts, 'no ```ts block to run').toBeGreaterThan(0)
  })

  const files = writePrograms(page, folder)
  const programs = page.programs.map(({ line, tests }, index) => ({ line, tests, file: files[index]! }))

  for (const { line, file } of programs.filter(({ tests }) => tests)) {
    describe(`the tests at line ${line}`, async () => {
      await import(/* @vite-ignore */ pathToFileURL(file).href)
    })
  }

  test.each(programs.filter(({ tests }) => !tests))(
    'the program at line $line runs and ends',
    async ({ file }) => {
      const before = openSockets()
      await import(/* @vite-ignore */ pathToFileURL(file).href)
      // A socket that was closed leaves a turn or two later.
      await expect.poll(openSockets, { message: 'sockets are left open' }).toEqual(before)
    },
    30_000,
  )
})
