import { once } from 'node:events'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  account,
  createCommands,
  defineCommand,
  integer,
  list,
  nothing,
  optional,
  record,
  secret,
  text,
} from '@xmppkit/commands'
import { silentLogger, systemClock } from '@xmppkit/runtime'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { callControl } from './control-client.js'
import { controlSocketPath } from './control-protocol.js'
import { openControlSocket } from './control-server.js'
import { main } from './main.js'

const commands = createCommands({ logger: silentLogger, clock: systemClock })
const called: unknown[] = []
commands.register(
  defineCommand({
    name: 'register',
    description: 'Registers an account',
    args: { account: account(), password: secret(text()) },
    result: nothing(),
    run: (args) => void called.push(`${args.account} ${args.password}`),
  }),
)
commands.register(
  defineCommand({
    name: 'connected_users',
    description: 'Lists who is connected',
    args: { limit: optional(integer()) },
    result: list(record({ user: text(), priority: integer() })),
    run: () => [
      { user: 'juliet@example.org/balcony', priority: 5 },
      { user: 'romeo@example.org/garden', priority: 0 },
    ],
  }),
)
commands.register(
  defineCommand({
    name: 'purge',
    description: 'Removes everything',
    args: {},
    result: integer(),
    run: () => 3,
    dryRun: () => 7,
  }),
)
commands.register(
  defineCommand({
    name: 'broken',
    description: 'Fails',
    args: {},
    result: nothing(),
    run: () => {
      throw new Error('detail of the inside')
    },
  }),
)

commands.register(
  defineCommand({
    name: 'long',
    description: 'Says much',
    args: {},
    result: text(),
    run: () => 'x'.repeat(4_000_000),
  }),
)

const wishes: object[] = []
commands.register(
  defineCommand({
    name: 'wish',
    description: 'Takes what is wished',
    args: { a: text(), c: optional(text()), b: optional(text()), list: optional(list(text())) },
    result: nothing(),
    run: (args) => void wishes.push(args),
  }),
)

let data = ''
let socket: AsyncDisposable
let out = ''
let err = ''
const terminal = {
  out: (line: string) => {
    out += line
  },
  err: (line: string) => {
    err += line
  },
}
const run = (...args: string[]) => main([...args, '--data', data], terminal)

beforeEach(async () => {
  out = ''
  err = ''
  data = await mkdtemp(join(tmpdir(), 'xmppkit-control-'))
  socket = await openControlSocket({ commands, logger: silentLogger }, data)
})
afterEach(async () => {
  await socket[Symbol.asyncDispose]()
  await rm(data, { recursive: true })
})

test('an account may be two words or one address', async () => {
  expect(await run('register', 'juliet', 'example.org', 'r0m30')).toBe(0)
  expect(await run('register', 'romeo@example.org', 'jul13t')).toBe(0)
  expect(called).toEqual(['juliet@example.org r0m30', 'romeo@example.org jul13t'])
})

test('a list is shown one entry a line, members between tabs; hyphens do for underscores', async () => {
  expect(await run('connected-users')).toBe(0)
  expect(out).toBe('juliet@example.org/balcony\t5\nromeo@example.org/garden\t0\n')
})

test('what may be left out may be named, a list as JSON; a password is never taken for a name', async () => {
  expect(await run('wish', 'b=2', 'first', 'list=["x"]')).toBe(0)
  expect(await run('wish', 'first', 'second', 'b={')).toBe(0)
  expect(await run('wish', 'a=first')).toBe(0)
  expect(wishes).toEqual([
    { a: 'first', b: '2', list: ['x'] },
    { a: 'first', b: '{', c: 'second' },
    { a: 'a=first' },
  ])
  expect(await run('wish', 'first', 'list=[')).toBe(2)
  expect(err).toMatch(/list must be a list/)
})

test('a dry run asks what would happen', async () => {
  expect(await run('purge', '--dry-run')).toBe(0)
  expect(await run('purge')).toBe(0)
  expect(out).toBe('7\n3\n')
})

test.each([
  [['register', 'juliet@example.org'], 2, /password is missing/],
  [['register', 'a', 'b', 'c', 'd'], 2, /too many arguments; usage: register <user> <domain> <password>/],
  [['register', 'a@@b', 'pw'], 2, /account/],
  [['dance'], 1, /no command dance/],
  [['broken'], 1, /the log tells more/],
  [['register', '--loud'], 2, /loud/],
])('%j is answered with what is wrong', async (words, code, message) => {
  expect(await run(...words)).toBe(code)
  expect(err).toMatch(message)
  expect(err).not.toContain('detail of the inside')
})

test('without a server it says how to start one', async () => {
  expect(await main(['status', '--data', '/nonexistent'], terminal)).toBe(1)
  expect(err).toMatch(/no server runs over \/nonexistent; start one with/)
})

test('SEC-26: only the owner may open the socket', async () => {
  expect((await stat(controlSocketPath(data))).mode & 0o077).toBe(0)
})

test('a second server over the same folder is refused', async () => {
  await expect(openControlSocket({ commands, logger: silentLogger }, data)).rejects.toMatchObject({
    code: 'cli/running',
  })
})

test('garbage on the socket is answered, and the next command works', async () => {
  const answer = await new Promise<string>((resolve) => {
    const raw = connect(controlSocketPath(data), () => raw.write('{not json\n'))
    raw.once('data', (chunk) => {
      raw.destroy()
      resolve(String(chunk))
    })
  })
  expect(JSON.parse(answer)).toMatchObject({ ok: false, code: 'cli/control' })
  expect(await callControl(data, { command: 'purge', words: [] })).toEqual({ ok: true, result: 3 })
})

test('who hangs up in the middle of a long answer ends nothing but its own connection', async () => {
  const uncaught: unknown[] = []
  const listen = (error: unknown) => void uncaught.push(error)
  process.on('uncaughtException', listen)
  const raw = connect(controlSocketPath(data), () => raw.write('{"command":"long","words":[]}\n'))
  // What has come and was not read makes a reset of it.
  await once(raw, 'readable')
  raw.destroy()
  expect(await callControl(data, { command: 'purge', words: [] })).toEqual({ ok: true, result: 3 })
  process.off('uncaughtException', listen)
  expect(uncaught).toEqual([])
})

test('help is for everybody', async () => {
  expect(await main([], terminal)).toBe(0)
  expect(await main(['serve', '--help'], terminal)).toBe(0)
  expect(out).toContain('usage: xmppkit <command>')
  expect(out).toContain('--allow-registration')
})
