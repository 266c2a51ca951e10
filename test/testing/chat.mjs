// Run by `node --test`, with the build of the packages: see node-test.test.ts.
import { test } from 'node:test'
import { createTestServer } from '@xmppkit/testing'

void test('people chat', async (t) => {
  const server = await createTestServer({ clock: 'manual' })
  t.after(() => server.close())
  const [juliet, romeo] = [await server.client('juliet'), await server.client('romeo')]
  await juliet.online()
  romeo.say(juliet.jid.bare, 'Art thou there?')
  await juliet.received((message) => message.text('body') === 'Art thou there?')
  await server.advance(86_400_000)
  await juliet.receivedNothing()
})

void test('what fails says why', async (t) => {
  const server = await createTestServer()
  t.after(() => server.close())
  const juliet = await server.client('juliet', { timeoutMs: 10 })
  await juliet.online()
  await juliet.received((message) => message.text('body') === 'never')
})
