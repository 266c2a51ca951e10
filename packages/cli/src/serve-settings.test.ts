import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { serveFlags, serveHelp } from './serve-flags.js'
import { readServeSettings } from './serve-settings.js'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xmppkit-settings-'))
})
afterAll(() => rm(folder, { recursive: true }))

const file = async (name: string, text: string) => {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

test('without options a server for localhost in ./xmppkit-data', async () => {
  expect(await readServeSettings([])).toEqual({
    domains: ['localhost'],
    host: undefined,
    c2sPort: 5222,
    tlsPort: 5223,
    httpsPort: 'none',
    httpPort: 'none',
    pagePort: 'none',
    tlsCert: undefined,
    tlsKey: undefined,
    data: './xmppkit-data',
    databaseUrl: undefined,
    logLevel: 'info',
    pidFile: undefined,
    allowPlaintext: false,
    sections: {},
  })
})

test('L-1: every limit can be set and lifted', async () => {
  const { sections } = await readServeSettings([
    '--login-timeout=5',
    '--max-connections-per-address=7',
    '--max-registrations-per-address=Infinity',
    '--max-stanza-bytes=20000',
    '--set=offline.maxMessagesPerAccount=9',
    '--set=c2s.maxWaiting=50',
    '--set=sessions.onLimit=close-oldest',
    '--set=accounts.hashes=["SHA-1"]',
    '--set=streamManagement.maxWaiting=3',
  ])
  expect(sections).toEqual({
    stream: { loginTimeoutMs: 5_000, limits: { maxBytes: 20_000 } },
    tcp: { maxConnectionsPerAddress: 7 },
    registration: { maxRegistrationsPerAddress: Number.POSITIVE_INFINITY },
    offline: { maxMessagesPerAccount: 9 },
    c2s: { maxWaiting: 50 },
    sessions: { onLimit: 'close-oldest' },
    accounts: { hashes: ['SHA-1'] },
    streamManagement: { maxWaiting: 3 },
  })
})

test('options of the command line win over a file, and both reach the same sections', async () => {
  const path = await file(
    'settings.json',
    JSON.stringify({
      domains: ['a.test', 'b.test'],
      tlsPort: 'none',
      roster: { maxItems: 5 },
      offline: { leaseMs: 1 },
    }),
  )
  const settings = await readServeSettings(['--config', path, '--max-contacts=6', '--domain=c.test'])
  expect(settings).toMatchObject({
    domains: ['c.test'],
    tlsPort: 'none',
    sections: { roster: { maxItems: 6 }, offline: { leaseMs: 1 } },
  })
  expect((await readServeSettings(['--config', path])).domains).toEqual(['a.test', 'b.test'])
})

test('W-4 W-7: HTTP is served where it is asked for, for the proxies and pages that are named', async () => {
  const args = ['--http-port=8080', '--https-port=none', '--trusted-proxy=10.0.0.0/8', '--trusted-proxy=::1']
  const settings = await readServeSettings([
    ...args,
    '--web-origin=https://app.example',
    '--set=web.bosh.path=/bosh',
  ])
  expect(settings).toMatchObject({
    httpPort: 8080,
    httpsPort: 'none',
    sections: {
      web: {
        trustedProxies: ['10.0.0.0/8', '::1'],
        origins: ['https://app.example'],
        bosh: { path: '/bosh' },
      },
    },
  })
})

test('a configuration may be a module', async () => {
  const path = await file('settings.mjs', "export default { domains: ['m.test'], stream: { lang: 'de' } }")
  expect(await readServeSettings(['--config', path])).toMatchObject({
    domains: ['m.test'],
    sections: { stream: { lang: 'de' } },
  })
})

describe('what is wrong is said', () => {
  test.each([
    [['--no-such-option'], /no-such-option.*--help/],
    [['extra'], /--help/],
    [['--c2s-port=http'], /--c2s-port wants a port/],
    [['--c2s-port=70000'], /--c2s-port wants a port/],
    [['--max-contacts=-1'], /--max-contacts wants a positive number/],
    [['--login-timeout='], /--login-timeout wants a positive number/],
    [['--set=offline'], /SECTION\.OPTION=VALUE/],
    [['--log-level=loud'], /debug, info, warn or error/],
    [['--tls-cert=a.pem'], /go together/],
    [['--allow-plaintext', '--host=0.0.0.0'], /loopback/],
    [['--config=/nonexistent.json'], /nonexistent\.json cannot be read/],
  ])('%j', async (args, message) => {
    await expect(readServeSettings(args)).rejects.toThrow(message)
  })

  test.each([
    ['[]', /object of settings/],
    ['{', /cannot be read/],
    ['{"port": 1}', /no setting port; there are domains/],
    ['{"domains": [1]}', /domains must be a list of names/],
  ])('a file with %s', async (text, message) => {
    await expect(readServeSettings(['--config', await file('wrong.json', text)])).rejects.toThrow(message)
  })
})

test('T-1: serving without TLS listens on the loopback address', async () => {
  expect(await readServeSettings(['--allow-plaintext'])).toMatchObject({
    host: '127.0.0.1',
    allowPlaintext: true,
  })
})

test('the help names every option', () => {
  for (const { name } of serveFlags) expect(serveHelp()).toContain(`--${name} `)
})
