import { createHost, HooksService, provide, use } from '@xmppkit/module'
import { expect, test } from 'vitest'
import { defineCommand } from './command.js'
import { AuthorizeService, CommandsService, commandsModule, JobsService, jobsModule } from './module.js'
import { commandCalled } from './tokens.js'
import { integer } from './values.js'

const answer = defineCommand({
  name: 'answer',
  description: 'Answers',
  args: {},
  result: integer(),
  run: () => 42,
})

test('a host serves commands and tells its hooks of calls', async () => {
  await using host = await createHost({}, { modules: [use(commandsModule), use(jobsModule)] })
  const called: string[] = []
  host
    .get(HooksService)
    .on(commandCalled, ({ command, outcome }) => void called.push(`${command} ${outcome}`))
  const commands = host.get(CommandsService)
  commands.register(answer)
  expect(await commands.call('answer', {})).toBe(42)
  await expect(commands.call('answer', {}, { caller: { frontend: 'http' } })).rejects.toThrow('may not')
  expect(called).toEqual(['answer done', 'answer commands/denied'])
})

test('the embedder decides who may', async () => {
  const services = [provide(AuthorizeService, () => ({ allowed: true, reason: 'allowed: everybody' }))]
  await using host = await createHost({}, { services, modules: [use(commandsModule)] })
  host.get(CommandsService).register(answer)
  expect(await host.get(CommandsService).call('answer', {}, { caller: { frontend: 'http' } })).toBe(42)
})

test('stopping a host ends its jobs', async () => {
  const host = await createHost({}, { modules: [use(jobsModule)] })
  const jobs = host.get(JobsService)
  jobs.start({ key: 'endless', ratePerMinute: 1, batchSize: 1, step: () => 1 })
  await host.close()
  expect(jobs.status('endless')).toMatchObject({ state: 'aborted' })
})
