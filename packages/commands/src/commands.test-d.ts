import type { BareJid } from '@xmppkit/jid'
import { expectTypeOf, test } from 'vitest'
import { defineCommand } from './command.js'
import type { Commands } from './commands.js'
import type { Infer } from './value.js'
import { account, boolean, choice, integer, list, nothing, optional, record, secret, text } from './values.js'

declare const commands: Commands

test('arguments and result are inferred from their declaration', () => {
  const command = defineCommand({
    name: 'register',
    description: 'Registers an account',
    args: {
      account: account(),
      password: secret(text()),
      role: choice(['user', 'admin']),
      groups: optional(list(text())),
    },
    result: record({ id: integer(), note: optional(text()) }),
    run(args) {
      expectTypeOf(args).toEqualTypeOf<{
        readonly account: BareJid
        readonly password: string
        readonly role: 'user' | 'admin'
        readonly groups?: readonly string[]
      }>()
      return { id: 1 }
    },
  })
  expectTypeOf<Infer<typeof command.result>>().toEqualTypeOf<{
    readonly id: number
    readonly note?: string
  }>()
  const called = commands.invoke(command, { account: 'a@b.example', password: 'x', role: 'user' })
  expectTypeOf(called).resolves.toEqualTypeOf<{ readonly id: number; readonly note?: string }>()
  // @ts-expect-error a role that is not among the choices
  void commands.invoke(command, { account: 'a@b.example', password: 'x', role: 'owner' })
  // @ts-expect-error an argument that is missing
  void commands.invoke(command, { account: 'a@b.example', role: 'user' })
  // @ts-expect-error an argument that is not known
  void commands.invoke(command, { account: 'a@b.example', password: 'x', role: 'user', admin: true })
})

test('a result must be what was declared', () => {
  defineCommand({
    name: 'count',
    description: 'Counts',
    args: {},
    result: integer(),
    // @ts-expect-error a text is not a number
    run: () => 'five',
  })
  defineCommand({ name: 'quiet', description: 'Says nothing', args: {}, result: nothing(), run() {} })
  defineCommand({
    name: 'maybe',
    description: 'Tells',
    args: {},
    result: boolean(),
    run: async () => true,
    // @ts-expect-error a dry run answers like the run
    dryRun: () => 'perhaps',
  })
})
