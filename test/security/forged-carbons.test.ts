import { NS, readStanza } from '@xmppkit/stanza'
import type { WireClient } from '@xmppkit/testing'
import { parseElement } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { forwarded, heard, heardUntil } from './forged-payloads.js'
import { domain, everyWay, otherDomain, type Scene } from './scene.js'

const juliet = `juliet@${domain}`
const lie = forwarded(`romeo@${domain}/r`, `${juliet}/r`, 'a lie')

/** What a client takes for a copy its own server made, written in every way there is. */
const wrappers = (['sent', 'received'] as const).flatMap((kind) => [
  `<${kind} xmlns='${NS.carbons}'>${lie}</${kind}>`,
  `<c:${kind} xmlns:c='${NS.carbons}'>${lie}</c:${kind}>`,
  `<c:${kind} xmlns:c='urn:xmpp:carbon&#115;:2'>${lie}</c:${kind}>`,
  `<${kind} xmlns='${NS.carbons}'/><body>x</body><${kind} xmlns='${NS.carbons}'>${lie}</${kind}>`,
])
const types = ['chat', 'normal', 'headline', 'error', 'groupchat']

async function withCarbons(scene: Scene, name: string, resource: string): Promise<WireClient> {
  const client = await scene.person(name, resource)
  client.send(`<iq type='set' id='on'><enable xmlns='${NS.carbons}'/></iq>`)
  await client.find("<iq type='result' id='on'/>")
  await client.forget()
  return client
}

/** Nothing in it could be taken for a copy. */
function expectNoCopy(texts: readonly string[]): void {
  for (const text of texts) expect(text).not.toMatch(/urn:xmpp:carbon|a lie/)
}

describe.each(everyWay)('SEC-17 CARBON-5: forged copies, %s', (_name, way) => {
  test('SEC-17: of a client reach nobody as such: not who they are for, not their other clients', async () => {
    await using scene = await way.open()
    const desk = await withCarbons(scene, 'juliet', 'r')
    const shelf = await withCarbons(scene, 'juliet', 'shelf')
    const mallory = await scene.person('mallory')
    for (const to of [`${juliet}/r`, juliet, `${juliet}/gone`]) {
      for (const type of types) {
        for (const wrapper of wrappers)
          mallory.send(`<message to='${to}' type='${type}'>${wrapper}</message>`)
      }
    }
    await heard(mallory)
    const [one, other] = [await heard(desk), await heard(shelf)]
    expect(one.length).toBeGreaterThan(0)
    // A real copy of what came may hold what is left of it, in the name of the account itself.
    for (const texts of [one, other]) {
      for (const text of texts) expect(text).not.toContain('a lie')
      for (const text of texts.filter((each) => each.includes(NS.carbons)))
        expect(text).toContain(`from="${juliet}"`)
    }
    expect(scene.errors()).toEqual([])
  })

  test('SEC-17: a client cannot speak as the account it forges for, nor as its server', async () => {
    await using scene = await way.open()
    const desk = await withCarbons(scene, 'juliet', 'r')
    for (const from of [juliet, `${juliet}/r`, domain]) {
      const mallory = await scene.person('mallory')
      mallory.send(`<message from='${from}' to='${juliet}/r' type='chat'>${wrappers[0]}</message>`)
      await mallory.expect(`<error xmlns='${NS.streams}'><invalid-from xmlns='${NS.streamErrors}'/></error>`)
    }
    expect(await heard(desk)).toEqual([])
  })

  test('SEC-17: another client of the account cannot either', async () => {
    await using scene = await way.open()
    const desk = await withCarbons(scene, 'juliet', 'r')
    const stolen = await scene.person('juliet', 'stolen')
    await desk.forget()
    for (const to of ['', ` to='${juliet}'`, ` to='${juliet}/r'`]) {
      for (const from of ['', ` from='${juliet}'`]) {
        stolen.send(`<message${to}${from} type='chat'>${wrappers[0]}<body>x</body></message>`)
      }
    }
    await heard(stolen)
    const texts = await heard(desk)
    expect(texts.length).toBeGreaterThan(0)
    for (const text of texts) expect(text).not.toContain('a lie')
    // What arrives says which client it is of; the only envelopes are ours, around what that client has said.
    for (const text of texts) {
      expect(text).toContain(text.includes(NS.carbons) ? `from="${juliet}"` : `from="${juliet}/stolen"`)
    }
  })

  test('SEC-17: what waits for somebody who is away, or is in an archive, holds none', async () => {
    await using scene = await way.open()
    const mallory = await scene.person('mallory')
    for (const wrapper of wrappers) {
      mallory.send(`<message to='${juliet}' type='chat'>${wrapper}<body>x</body></message>`)
    }
    await heard(mallory)
    const desk = await scene.visit()
    await desk.client.login({ username: 'juliet', password: 'correct horse battery staple' }, desk.features)
    desk.client.send('<presence/>')
    const waiting = await heard(desk.client)
    expect(waiting.filter((text) => text.startsWith('<message')).length).toBe(wrappers.length)
    expectNoCopy(waiting)
    for (const reader of [desk.client, mallory]) {
      reader.send(`<iq type='set' id='all'><query xmlns='${NS.mam}'/></iq>`)
      const archived = await heardUntil(reader, (text) => text.includes('id="all"'))
      expect(archived.filter((text) => text.includes('<body>x</body>')).length).toBe(wrappers.length)
      expectNoCopy(archived)
    }
  })

  test('SEC-17: of another server, or another domain of this one, reach nobody either', async () => {
    await using scene = await way.open()
    const desk = await withCarbons(scene, 'juliet', 'r')
    for (const from of ['eve@elsewhere.test/x', juliet, `${juliet}/r`, domain, `juliet@${otherDomain}`]) {
      for (const wrapper of wrappers) {
        const text = `<message xmlns='${NS.client}' from='${from}' to='${juliet}/r' type='chat'>${wrapper}</message>`
        await scene.server.route(readStanza(parseElement(text)))
      }
    }
    const texts = await heard(desk)
    expect(texts.length).toBeGreaterThan(0)
    expectNoCopy(texts)
  })

  test('SEC-17: nobody switches copies on for somebody else', async () => {
    await using scene = await way.open()
    const desk = await scene.person('juliet')
    const mallory = await scene.person('mallory')
    for (const to of [juliet, `${juliet}/r`]) {
      mallory.send(`<iq type='set' id='on' to='${to}'><enable xmlns='${NS.carbons}'/></iq>`)
    }
    const answers = await heardUntil(mallory, (_text, { length }) => length === 2)
    expect(answers.every((text) => text.includes('type="error"'))).toBe(true)
    const romeo = await scene.person('romeo')
    romeo.send(`<message to='${juliet}/other' type='chat'><body>x</body></message>`)
    await heard(romeo)
    for (const text of [...(await heard(desk)), ...(await heard(mallory))])
      expect(text).not.toContain(NS.carbons)
  })
})
