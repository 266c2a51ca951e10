import { IqService } from '@xmppkit/iq/module'
import { parseJid } from '@xmppkit/jid'
import { defineIq, element, string, text } from '@xmppkit/stanza'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { domain, type Line, openScene, type Scene } from './scene.js'

const question = defineIq({
  type: 'get',
  request: element('ask', 'urn:hostile:ask', {}),
  result: text('answer', 'urn:hostile:ask', string),
})

let scene: Scene
let mallory: Line
beforeAll(async () => {
  scene = await openScene()
})
beforeEach(async () => {
  mallory = await scene.person('mallory')
})
afterAll(() => scene[Symbol.asyncDispose]())

const answer = (id: string, extra = '') =>
  `<iq type='result' id='${id}' to='${domain}'${extra}><answer xmlns='urn:hostile:ask'>forged</answer></iq>`

/** Asks nurse something and tells whether and how it was answered. */
async function ask(nurse: Line) {
  const iq = scene.server.host().get(IqService)
  let outcome = 'open'
  const asked = iq.request(question, parseJid(`romeo@${domain}/asked`), {}).then(
    (said) => {
      outcome = said
    },
    (error: unknown) => {
      outcome = String(error)
    },
  )
  const request = await nurse.client.expect("<iq type='get'><ask xmlns='urn:hostile:ask'/></iq>")
  return { id: request.attr('id')!, outcome: () => outcome, asked }
}

test('Q-3 SEC-16: only who was asked can answer, whoever knows the id', async () => {
  const nurse = await scene.person('romeo', 'asked')
  const { id, outcome, asked } = await ask(nurse)
  const sibling = await scene.person('romeo', 'sibling')
  for (const impostor of [mallory, sibling]) {
    impostor.send(answer(id))
    impostor.send(answer(id, " type2='x'"))
    impostor.send(
      `<iq type='error' id='${id}' to='${domain}'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
    )
    await impostor.client.expectNothing()
  }
  expect(outcome()).toBe('open')

  // CVE-2024-46957: nothing but an iq completes it, though it comes from the right one with the right id.
  nurse.send(
    `<message type='error' id='${id}' to='${domain}'/><presence type='error' id='${id}' to='${domain}'/>`,
  )
  nurse.send(`<message id='${id}' to='${domain}'><answer xmlns='urn:hostile:ask'>forged</answer></message>`)
  await nurse.client.settle()
  expect(outcome()).toBe('open')

  nurse.send(answer(id).replace('forged', 'true'))
  await asked
  expect(outcome()).toBe('true')

  // Answers to what is answered already are dropped.
  nurse.send(answer(id))
  await nurse.client.settle()
  expect(scene.errors()).toEqual([])
  nurse.client.cut()
  sibling.client.cut()
  mallory.client.cut()
})

test('Q-3 D-8: ids of requests cannot be guessed from each other', async () => {
  const nurse = await scene.person('romeo', 'asked')
  const ids = new Set<string>()
  for (let i = 0; i < 20; i++) {
    const { id, asked } = await ask(nurse)
    ids.add(id)
    nurse.send(answer(id))
    await asked
  }
  expect(ids.size).toBe(20)
  for (const id of ids) expect(id.length).toBeGreaterThanOrEqual(22) // 128 bits
  const prefixes = new Set([...ids].map((id) => id.slice(0, 6)))
  expect(prefixes.size).toBe(20)
  nurse.client.cut()
  mallory.client.cut()
})

test('Q-2 Q-3: answers nobody waits for go nowhere, whatever their id', async () => {
  for (const id of ['', '1', 'bind', '__proto__', 'x'.repeat(1_000)]) {
    mallory.send(`<iq type='result' id='${id}' to='${domain}'/>`)
    mallory.send(`<iq type='error' id='${id}'/>`)
    mallory.send(`<iq type='result' id='${id}' to='juliet@${domain}'/>`)
  }
  await mallory.client.settle()
  await scene.othersChat()
  expect(scene.errors()).toEqual([])
  mallory.client.cut()
})
