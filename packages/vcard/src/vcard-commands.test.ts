import { createCommands } from '@xmppkit/commands'
import { parseJid } from '@xmppkit/jid'
import { createManualClock, silentLogger } from '@xmppkit/runtime'
import { expect, test } from 'vitest'
import { registerVCardCommands } from './vcard-commands.js'
import { vcardScene, vcardXml } from './vcard-scene.js'

const account = 'juliet@example.com'

function rig() {
  const commands = createCommands({ logger: silentLogger, clock: createManualClock() })
  const scene = vcardScene({ maxBytes: 500 })
  const registration = registerVCardCommands({ commands, vcards: scene.vcards })
  return { ...scene, commands, registration }
}

test('elements of a vCard are set and told, one level deep and two', async () => {
  const { commands, ask } = rig()
  await commands.call('set_vcard', { account, name: 'FN', content: 'Juliet' })
  await commands.call('set_vcard2', { account, name: 'N', subname: 'FAMILY', content: 'Capulet' })
  await commands.call('set_vcard2_multi', { account, name: 'ORG', subname: 'ORGUNIT', contents: ['a', 'b'] })
  await commands.call('set_nickname', { account, nickname: 'J & R' })
  await commands.call('set_vcard', { account, name: 'FN', content: 'Juliet Capulet' })
  expect(await ask('get', account, account, "<vCard xmlns='vcard-temp'/>")).toBe(
    vcardXml(
      '<N><FAMILY>Capulet</FAMILY></N><ORG><ORGUNIT>a</ORGUNIT><ORGUNIT>b</ORGUNIT></ORG><NICKNAME>J &amp; R</NICKNAME><FN>Juliet Capulet</FN>',
    ),
  )
  expect(await commands.call('get_vcard', { account, name: 'NICKNAME' })).toBe('J & R')
  expect(await commands.call('get_vcard2', { account, name: 'N', subname: 'FAMILY' })).toBe('Capulet')
  expect(await commands.call('get_vcard2_multi', { account, name: 'ORG', subname: 'ORGUNIT' })).toEqual([
    'a',
    'b',
  ])
  await commands.call('set_vcard', { account, name: 'NICKNAME', content: '' })
  await expect(commands.call('get_vcard', { account, name: 'NICKNAME' })).rejects.toMatchObject({
    code: 'commands/not-found',
  })
})

test('of commands at the same time none is lost', async () => {
  const { commands, vcards } = rig()
  await Promise.all([
    commands.call('set_vcard', { account, name: 'FN', content: 'Juliet' }),
    commands.call('set_nickname', { account, nickname: 'J' }),
    commands.call('set_vcard2', { account, name: 'N', subname: 'FAMILY', content: 'Capulet' }),
  ])
  const vcard = await vcards.get(parseJid(account).bare)
  expect(vcard?.children.map(({ name }) => name)).toEqual(['FN', 'NICKNAME', 'N'])
})

test('what is not there, or not allowed, is said so', async () => {
  const { commands } = rig()
  await expect(commands.call('get_vcard', { account, name: 'FN' })).rejects.toMatchObject({
    code: 'commands/not-found',
    message: expect.stringContaining('has no vCard'),
  })
  await expect(
    commands.call('set_vcard', { account, name: 'FN', content: 'x'.repeat(600) }),
  ).rejects.toMatchObject({ code: 'commands/conflict' })
  await expect(commands.call('set_vcard', { account, name: 'no name', content: 'x' })).rejects.toThrow()
})

test('all go with their registration', () => {
  const { commands, registration } = rig()
  expect(commands.list({ tag: 'vcard' })).toHaveLength(7)
  registration[Symbol.dispose]()
  expect(commands.list()).toEqual([])
})
