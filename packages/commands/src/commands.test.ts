import { createHooks } from '@xmppkit/hooks'
import { parseJid } from '@xmppkit/jid'
import { createJsonLogger, createManualClock, silentLogger } from '@xmppkit/runtime'
import { describe, expect, test } from 'vitest'
import { argumentsSchema, defineCommand } from './command.js'
import { createCommands } from './commands.js'
import { CommandError } from './errors.js'
import { type CommandCalled, commandCalled } from './tokens.js'
import { account, integer, nothing, optional, record, secret, text } from './values.js'

const clock = createManualClock()
const alice = parseJid('alice@example.org').bare

function echo(version = 0, name = 'echo') {
  return defineCommand({
    name,
    version,
    tags: ['test'],
    description: 'Answers with its version',
    args: { times: optional(integer()) },
    result: integer(),
    run: ({ times = 1 }) => version * times,
  })
}

const changePassword = defineCommand({
  name: 'change_password',
  tags: ['accounts'],
  description: 'Changes a password',
  args: { account: account(), password: secret(text()), options: optional(record({ pin: secret(text()) })) },
  result: nothing(),
  policy: 'user',
  run() {},
})

const plain = () => createCommands({ logger: silentLogger, clock })

describe('the registry', () => {
  test('a caller gets the newest form that is not newer than what it speaks', async () => {
    const commands = plain()
    for (const version of [1, 3, 2]) commands.register(echo(version))
    expect(await commands.call('echo', {})).toBe(3)
    expect(await commands.call('echo', {}, { version: 2 })).toBe(2)
    expect(await commands.call('echo', {}, { version: 99 })).toBe(3)
    await expect(commands.call('echo', {}, { version: 0 })).rejects.toMatchObject({
      code: 'commands/unknown',
      message: 'echo is new in version 1',
    })
    expect(commands.find('echo', 2)?.version).toBe(2)
  })

  test('what is registered can be taken back, once', () => {
    const commands = plain()
    const first = commands.register(echo(1))
    commands.register(echo(2))
    expect(() => commands.register(echo(2))).toThrow(expect.objectContaining({ code: 'commands/duplicate' }))
    first[Symbol.dispose]()
    commands.register(echo(1))
    first[Symbol.dispose]()
    expect(commands.find('echo', 1)).toBeDefined()
  })

  test('a list shows each command once, by name', () => {
    const commands = plain()
    commands.register(echo(1, 'zebra'))
    commands.register(echo(2, 'zebra'))
    commands.register(changePassword)
    const shown = (filter?: Parameters<typeof commands.list>[0]) =>
      commands.list(filter).map(({ name, version }) => `${name}/${version}`)
    expect(shown()).toEqual(['change_password/0', 'zebra/2'])
    expect(shown({ version: 1 })).toEqual(['change_password/0', 'zebra/1'])
    expect(shown({ tag: 'accounts' })).toEqual(['change_password/0'])
  })

  test('the number of commands is bounded', () => {
    const commands = createCommands({ logger: silentLogger, clock }, { maxCommands: 1 })
    commands.register(echo())
    expect(() => commands.register(echo(1))).toThrow('there are 1 commands already')
  })

  test.each(['Register', 'delete-all', '', '1st', 'x'.repeat(80)])('%s is no name', (name) => {
    expect(() => echo(0, name)).toThrow(expect.objectContaining({ code: 'commands/bad-definition' }))
  })

  test.each([-1, 1.5, Number.NaN])('%s is no version', (version) => {
    expect(() => echo(version)).toThrow(expect.objectContaining({ code: 'commands/bad-definition' }))
  })
})

describe('a call', () => {
  test('with wrong arguments says all that is wrong, and does nothing', async () => {
    let ran = false
    const commands = plain()
    const wipe = defineCommand({
      ...changePassword,
      name: 'wipe',
      run() {
        ran = true
      },
    })
    commands.register(wipe)
    await expect(commands.call('wipe', { account: 'a b', pasword: 'x' })).rejects.toMatchObject({
      code: 'commands/bad-argument',
      message: expect.stringContaining(
        'wipe: pasword is not known; there are account, password, options; account is not a valid',
      ),
      issues: [
        { path: 'pasword', message: 'is not known; there are account, password, options' },
        { path: 'account', message: expect.stringContaining('not a valid address') },
        { path: 'password', message: 'is missing' },
      ],
    })
    expect(ran).toBe(false)
  })

  test('of what does not exist is refused', async () => {
    await expect(plain().call('toString', {})).rejects.toMatchObject({ code: 'commands/unknown' })
  })

  test('without arguments needs none', async () => {
    const commands = plain()
    commands.register(echo(7))
    expect(await commands.call('echo', undefined)).toBe(7)
    await expect(commands.call('echo', [])).rejects.toThrow('must be an object')
  })

  test('passes refusals of the command on and hides everything else', async () => {
    const commands = plain()
    const failing = (name: string, error: Error) =>
      commands.register(
        defineCommand({
          name,
          description: 'Fails',
          args: {},
          result: nothing(),
          run: () => Promise.reject(error),
        }),
      )
    failing('refuse', new CommandError('commands/not-found', 'there is no such account'))
    failing('crash', new Error('connect ECONNREFUSED postgres://user:hunter2@db'))
    failing('copy', Object.assign(new Error('of another copy'), { code: 'commands/conflict' }))
    await expect(commands.call('refuse', {})).rejects.toMatchObject({ code: 'commands/not-found' })
    await expect(commands.call('copy', {})).rejects.toThrow('of another copy')
    const error = await commands.call('crash', {}).catch((caught: CommandError) => caught)
    expect(error).toMatchObject({ code: 'commands/failed', message: 'crash failed; the log tells more' })
    expect((error as CommandError).cause).toMatchObject({ message: expect.stringContaining('ECONNREFUSED') })
  })

  test('of a command that throws at once rejects', async () => {
    const commands = plain()
    const run = () => {
      throw new Error('at once')
    }
    commands.register(
      defineCommand({ name: 'crash', description: 'Fails', args: {}, result: nothing(), run }),
    )
    await expect(commands.call('crash', {})).rejects.toMatchObject({ code: 'commands/failed' })
  })

  test('can be typed, with addresses as text or as they are', async () => {
    const commands = plain()
    const whoami = defineCommand({
      name: 'whoami',
      description: 'Answers',
      args: { account: account() },
      result: text(),
      run: (args) => args.account.local,
    })
    expect(await commands.invoke(whoami, { account: alice })).toBe('alice')
    expect(await commands.invoke(whoami, { account: 'Bob@example.org' })).toBe('bob')
  })

  test('can be aborted, and the command is told', async () => {
    const commands = plain()
    const aborter = new AbortController()
    let told = false
    const wait = defineCommand({
      name: 'wait',
      description: 'Waits',
      args: {},
      result: nothing(),
      run: (_, { signal }) => new Promise<void>(() => signal.addEventListener('abort', () => (told = true))),
    })
    commands.register(wait)
    const waiting = commands.call('wait', {}, { signal: aborter.signal })
    aborter.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'commands/aborted' })
    expect(told).toBe(true)
    await expect(commands.call('wait', {}, { signal: aborter.signal })).rejects.toMatchObject({
      code: 'commands/aborted',
    })
  })

  test('can ask what would be done', async () => {
    const commands = plain()
    const done: string[] = []
    const purge = defineCommand({
      name: 'purge',
      description: 'Removes',
      args: {},
      result: integer(),
      destructive: true,
      run: () => done.push('run'),
      dryRun: () => 41 + done.push('dry run'),
    })
    commands.register(purge)
    commands.register(echo())
    expect(await commands.call('purge', {}, { dryRun: true })).toBe(42)
    expect(done).toEqual(['dry run'])
    await expect(commands.call('echo', {}, { dryRun: true })).rejects.toMatchObject({
      code: 'commands/no-dry-run',
    })
  })
})

describe('authorisation', () => {
  const denying = (reason: string) => ({
    logger: silentLogger,
    clock,
    authorize: () => ({ allowed: false, reason }),
  })

  test('a denied call does not run, and its reason is not for the caller', async () => {
    let ran = false
    const commands = createCommands(denying('denied: not in group "support"'))
    const run = () => {
      ran = true
      return 1
    }
    commands.register(defineCommand({ ...echo(), run }))
    await expect(commands.call('echo', {})).rejects.toMatchObject({
      code: 'commands/denied',
      message: 'you may not call echo',
    })
    expect(ran).toBe(false)
    expect(commands.explain('echo', {}).reason).toBe('denied: not in group "support"')
  })

  test('without rules only the program and the console may', async () => {
    const commands = plain()
    commands.register(echo())
    expect(await commands.call('echo', {}, { caller: { frontend: 'console' } })).toBe(0)
    await expect(commands.call('echo', {}, { caller: { frontend: 'http' } })).rejects.toMatchObject({
      code: 'commands/denied',
    })
    expect(commands.explain('echo', {}, { caller: { frontend: 'http' } }).allowed).toBe(false)
  })
})

describe('the report of a call', () => {
  function recorded() {
    const lines: string[] = []
    const calls: CommandCalled[] = []
    const hooks = createHooks({ onError: () => {} })
    hooks.on(commandCalled, (call) => void calls.push(call))
    const logger = createJsonLogger((line) => lines.push(line))
    return { lines, calls, commands: createCommands({ hooks, logger, clock }) }
  }

  test('names command, caller, arguments and outcome, but no secret', async () => {
    const { lines, calls, commands } = recorded()
    commands.register(changePassword)
    const args = { account: 'alice@example.org', password: 'hunter2', options: { pin: '1234' } }
    await commands.call('change_password', args, { caller: { frontend: 'console', ip: '192.0.2.1' } })
    await expect(
      commands.call(
        'change_password',
        { ...args, password: 5 },
        { caller: { frontend: 'http', account: alice } },
      ),
    ).rejects.toThrow('must be a text')
    expect(calls).toEqual([
      {
        command: 'change_password',
        version: 0,
        caller: { frontend: 'console', ip: '192.0.2.1' },
        args: { account: 'alice@example.org', password: '[secret]', options: '[secret]' },
        dryRun: false,
        outcome: 'done',
        durationMs: 0,
      },
      expect.objectContaining({ outcome: 'commands/bad-argument', args: {} }),
    ])
    expect(lines.join('')).not.toMatch(/hunter2|1234/)
    expect(JSON.parse(lines[0] as string)).toMatchObject({
      message: 'command called',
      command: 'change_password',
    })
    expect(JSON.parse(lines[1] as string)).toMatchObject({ caller: { account: 'alice@example.org' } })
  })

  test('tells why a call was denied', async () => {
    const { lines, commands } = recorded()
    commands.register(echo())
    await expect(commands.call('echo', {}, { caller: { frontend: 'http' } })).rejects.toThrow('may not')
    expect(JSON.parse(lines[0] as string)).toMatchObject({
      outcome: 'commands/denied',
      reason: 'denied: there are no permissions',
    })
  })
})

test('arguments are described as JSON Schema', () => {
  expect(argumentsSchema(changePassword)).toMatchObject({
    required: ['account', 'password'],
    additionalProperties: false,
  })
})
