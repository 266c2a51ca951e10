import { parseJid } from '@xmppkit/jid'
import { expect, test } from 'vitest'
import { contentOf, juliet, pushScene, settled } from './push-scene.js'

const account = parseJid(juliet).bare
const error = (condition: string, type: string) =>
  `<error type='${type}'><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`
const form = (...fields: [string, string][]) =>
  fields.map(([name, value]) => `<field var='${name}'><value>${value}</value></field>`).join('')

test('PUSH-1: XEP-0357 §7: a notification is published to the node, in the name of the server, with the options', async () => {
  const scene = pushScene({ sender: 'xmpp', options: { includeSender: true, includeBody: true } })
  const options = `<x xmlns='jabber:x:data' type='submit'>${form(
    ['FORM_TYPE', 'http://jabber.org/protocol/pubsub#publish-options'],
    ['secret', 'eruio234vzxc2kla-91'],
  )}</x>`
  await scene.ask(
    `${juliet}/phone`,
    `<enable xmlns='urn:xmpp:push:0' jid='push.example' node='yxs32uqsflafdk3iuqo'>${options}</enable>`,
  )
  await scene.away('<body>Wherefore art thou?</body>')
  const [request, ...more] = scene.requests()
  expect(more).toEqual([])
  expect([request?.type, String(request?.from), String(request?.to)]).toEqual([
    'set',
    'example.com',
    'push.example',
  ])
  const summary = `<field var='FORM_TYPE' type='hidden'><value>urn:xmpp:push:summary</value></field>${form(
    ['message-count', '1'],
    ['last-message-sender', 'romeo@example.net/orchard'],
    ['last-message-body', 'Wherefore art thou?'],
  )}`
  expect(contentOf(request)).toBe(
    "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='yxs32uqsflafdk3iuqo'>" +
      `<item><notification xmlns='urn:xmpp:push:0'><x xmlns='jabber:x:data' type='submit'>${summary}</x></notification></item>` +
      `</publish><publish-options>${options}</publish-options></pubsub>`,
  )
  scene.answers(request!, 'result')
  await settled()
  expect(scene.push.stats()).toMatchObject({ sent: 1, failed: 0 })
  // SEC-33: what the client gave for the service is for the service.
  expect(scene.logged.join()).not.toContain('eruio')
})

test('PUSH-4 SEC-37: without anything to tell there is no summary', async () => {
  const scene = pushScene({ sender: 'xmpp', options: { includeCount: false } })
  await scene.enable()
  await scene.away()
  expect(contentOf(scene.requests()[0])).toBe(
    "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='token'><item><notification xmlns='urn:xmpp:push:0'/></item></publish></pubsub>",
  )
})

test.each([
  ['item-not-found', 'cancel', true],
  ['gone', 'cancel', true],
  ['forbidden', 'auth', true],
  ['not-authorized', 'auth', true],
  ['conflict', 'cancel', true],
  ['item-not-found', 'wait', false],
  ['internal-server-error', 'wait', false],
  ['resource-constraint', 'wait', false],
  ['remote-server-not-found', 'cancel', false],
  ['remote-server-timeout', 'wait', false],
  ['service-unavailable', 'cancel', false],
])('PUSH-3: after %s (%s) the registration is removed: %s', async (condition, type, isRemoved) => {
  const scene = pushScene({ sender: 'xmpp' })
  await scene.enable()
  await scene.away()
  scene.answers(scene.requests()[0]!, 'error', error(condition, type))
  await settled()
  expect((await scene.store.list(account)).length).toBe(isRemoved ? 0 : 1)
  expect(scene.push.stats()).toMatchObject({ failed: isRemoved ? 0 : 1, removed: isRemoved ? 1 : 0 })
})

test('SEC-16: an answer of somebody else is none; without one it is a failure in the end', async () => {
  const scene = pushScene({ sender: 'xmpp', options: { sendTimeoutMs: 5000 } })
  await scene.enable()
  await scene.away()
  const [request] = scene.requests()
  scene.answers(request!.with({ to: parseJid('mallory.example') }), 'error', error('gone', 'cancel'))
  await settled()
  expect(await scene.store.list(account)).toHaveLength(1)
  await scene.clock.advance(5000)
  await settled()
  expect(scene.push.stats()).toMatchObject({ sent: 0, failed: 1 })
})
