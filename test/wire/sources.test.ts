import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const packages = new URL('../../packages/', import.meta.url)

/** The code of all packages that are published, without tests and without what it says about itself. */
function* sources(): Iterable<readonly [file: string, code: string]> {
  for (const name of readdirSync(packages)) {
    if (name === 'tooling') continue
    const folder = new URL(`${name}/src/`, packages)
    for (const file of readdirSync(folder, { recursive: true }) as string[]) {
      if (!/\.[jt]s$/.test(file) || /\.test(-d)?\.ts$/.test(file)) continue
      const code = readFileSync(new URL(file, folder), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
      yield [`${name}/src/${file}`, code]
    }
  }
}

test('NODE-5 A-15: no package computes keys or hashes passwords while everybody waits', () => {
  const blocking =
    /\b(pbkdf2Sync|scryptSync|hkdfSync|generateKeyPairSync|generatePrimeSync|execSync|spawnSync)\b/
  const found = [...sources()].filter(([, code]) => blocking.test(code)).map(([file]) => file)
  expect(found).toEqual([])
})

test('NODE-5 NODE-7: what a test could not turn back is asked for in one place', () => {
  const hidden = /\b(Date\.now|Math\.random|setInterval|setTimeout)\s*\(/
  const found = [...sources()].filter(([, code]) => hidden.test(code)).map(([file]) => file)
  // The clock is where the others get their time from; tests have one more, which keeps their process alive.
  expect(found.filter((file) => !file.startsWith('cli/'))).toEqual([
    'runtime/src/clock.ts',
    'testing/src/waiting-clock.ts',
  ])
})
