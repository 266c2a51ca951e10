import { NS, readStanza } from '@xmppkit/stanza'
import { parseElement } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { forwarded, heard, heardUntil } from './forged-payloads.js'
import { domain, everyWay } from './scene.js'

const juliet = `juliet@${domain}`
const lie = forwarded(`romeo@${domain}/r`, juliet, 'a lie')
const results = [
  `<result xmlns='${NS.mam}' queryid='q' id='forged'>${lie}</result>`,
  `<m:result xmlns:m='${NS.mam}' queryid='q' id='forged'>${lie}</m:result>`,
  `<result xmlns='urn:xmpp:mam:1' queryid='q' id='forged'>${lie}</result>`,
]
const query = `<iq type='set' id='q'><query xmlns='${NS.mam}' queryid='q'/></iq>`
const fin = `<fin xmlns='${NS.mam}' complete='true'><set xmlns='${NS.rsm}'><count>0</count></set></fin>`

const answered = (text: string) => /^<iq [^>]*\bid="q"/.test(text)

/** Who a client would believe when it is about its own archive: nobody but its account, or no name at all. */
const believed = new RegExp(
  `^<(?:message|iq)(?![^>]*from=)|^<(?:message|iq)[^>]*from="(?:${juliet}|${domain})"`,
)

describe.each(everyWay)('SEC-18: forged results of an archive, %s', (_name, way) => {
  test('SEC-18: come in the name of who sent them, whatever they contain, and end no query', async () => {
    await using scene = await way.open()
    const desk = await scene.person('juliet')
    const mallory = await scene.person('mallory')
    mallory.send(`<message to='${juliet}' type='chat'><body>true</body></message>`)
    await heard(mallory)
    await desk.forget()
    for (const type of ['normal', 'chat', 'headline', 'error']) {
      for (const result of results)
        mallory.send(`<message to='${juliet}/r' type='${type}' id='q'>${result}</message>`)
    }
    for (const type of ['result', 'error'])
      mallory.send(`<iq to='${juliet}/r' type='${type}' id='q'>${fin}</iq>`)
    await heard(mallory)
    desk.send(query)
    const texts = await heardUntil(desk, (text) => text.startsWith('<iq') && believed.test(text))
    const ofTheArchive = texts.filter((text) => believed.test(text))
    expect(ofTheArchive.map((text) => /^<(\w+)/.exec(text)?.[1])).toEqual(['message', 'iq'])
    expect(ofTheArchive[0]).toContain('<body>true</body>')
    for (const text of ofTheArchive) expect(text).not.toMatch(/a lie|forged/)
    // The rest is Mallory's, and says so.
    for (const text of texts.filter((one) => !ofTheArchive.includes(one)))
      expect(text).toContain(`from="mallory@${domain}/r"`)
    expect(scene.errors()).toEqual([])
  })

  test('SEC-18: are in nobody’s archive as what they pretend to be, and waiting changes nothing', async () => {
    await using scene = await way.open()
    const mallory = await scene.person('mallory')
    for (const result of results) {
      mallory.send(`<message to='${juliet}' type='chat'><body>mine</body>${result}</message>`)
    }
    await heard(mallory)
    const desk = await scene.visit()
    await desk.client.login({ username: 'juliet', password: 'correct horse battery staple' }, desk.features)
    desk.client.send('<presence/>')
    for (const text of (await heard(desk.client)).filter((one) => one.startsWith('<message')))
      expect(text).toContain(`from="mallory@${domain}/r"`)
    desk.client.send(
      `<iq type='set' id='q'><query xmlns='${NS.mam}' queryid='q'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>${NS.mam}</value></field><field var='with'><value>romeo@${domain}</value></field></x></query></iq>`,
    )
    const found = await heardUntil(desk.client, answered)
    expect(found.filter((text) => text.startsWith('<message'))).toEqual([])
  })

  test('SEC-18: a client of the same account is told apart from the account', async () => {
    await using scene = await way.open()
    const desk = await scene.person('juliet')
    const stolen = await scene.person('juliet', 'stolen')
    await desk.forget()
    for (const from of ['', ` from='${juliet}'`]) {
      for (const to of [`${juliet}/r`, juliet])
        stolen.send(`<message${from} to='${to}' type='chat'>${results[0]}</message>`)
    }
    await heard(stolen)
    const texts = (await heard(desk)).filter((text) => text.includes('a lie'))
    expect(texts.length).toBeGreaterThan(0)
    for (const text of texts) expect(text).toContain(`from="${juliet}/stolen"`)
  })

  test('SEC-18: nobody reads the archive of somebody else, nor learns whether there is one', async () => {
    await using scene = await way.open()
    const romeo = await scene.person('romeo')
    romeo.send(`<message to='${juliet}' type='chat'><body>secret</body></message>`)
    const mallory = await scene.person('mallory')
    const answers: string[] = []
    for (const to of [juliet, `nobody@${domain}`, `juliet@${domain}/r`]) {
      mallory.send(query.replace("id='q'", `id='q' to='${to}'`))
      mallory.send(`<iq type='get' id='p' to='${to}'><prefs xmlns='${NS.mam}'/></iq>`)
      mallory.send(`<iq type='get' id='m' to='${to}'><metadata xmlns='${NS.mam}'/></iq>`)
      const texts = await heardUntil(mallory, (_text, { length }) => length === 3)
      for (const text of texts) expect(text).toContain('type="error"')
      answers.push(texts.join('').replaceAll(to, 'THEM'))
    }
    expect(answers[0]).toBe(answers[1])
    expect(answers.join('')).not.toContain('secret')
  })

  test('SEC-18: results go to the client that asked, and to no other', async () => {
    await using scene = await way.open()
    const desk = await scene.person('juliet')
    const shelf = await scene.person('juliet', 'shelf')
    shelf.send(`<iq type='set' id='on'><enable xmlns='${NS.carbons}'/></iq>`)
    const romeo = await scene.person('romeo')
    romeo.send(`<message to='${juliet}' type='chat'><body>hi</body></message>`)
    await heard(romeo)
    await Promise.all([desk.forget(), shelf.forget()])
    desk.send(query)
    const answer = await heardUntil(desk, answered)
    expect(answer.filter((text) => text.includes(`<result xmlns="${NS.mam}"`))).toHaveLength(1)
    expect(await heard(shelf)).toEqual([])
    // Nor when somebody asks in another's name from outside.
    const text = `<iq xmlns='${NS.client}' type='set' id='q' from='eve@elsewhere.test/x' to='${juliet}'><query xmlns='${NS.mam}'/></iq>`
    await scene.server.route(readStanza(parseElement(text)))
    expect(await heard(desk)).toEqual([])
  })
})
