import { NS, readStanza } from '@xmppkit/stanza'
import { parseElement } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { heard, heardUntil } from './forged-payloads.js'
import { domain, everyWay, otherDomain, type Scene } from './scene.js'

const juliet = `juliet@${domain}`
const mallory = `mallory@${domain}`
const sid = NS.stanzaIds

/** Ids somebody gives in the name of an archive of ours. */
const forgedIds = [
  `<stanza-id xmlns='${sid}' by='${juliet}' id='forged'/>`,
  `<stanza-id xmlns='${sid}' by='JULIET@${domain.toUpperCase()}' id='forged'/>`,
  `<stanza-id xmlns='${sid}' by='${mallory}' id='forged'/>`,
  `<stanza-id xmlns='${sid}' by='${domain}' id='forged'/>`,
  `<s:stanza-id xmlns:s='${sid}' by='${juliet}' id='forged'/>`,
  `<s:stanza-id xmlns:s='urn:xmpp:si&#100;:0' by='juliet&#64;${domain}' id='forged'/>`,
]
/** Those of others, and those of whoever wrote the message, are theirs. */
const keptIds = [
  `<stanza-id xmlns='${sid}' by='room@elsewhere.test' id='of-a-room'/>`,
  `<origin-id xmlns='${sid}' id='of-the-author'/>`,
]
const everyId = [forgedIds[0], ...keptIds, ...forgedIds].join('')

/** Times somebody gives in the name of the server. */
const stamp = "stamp='2001-02-03T04:05:06Z'"
const forgedTimes = [
  `<delay xmlns='${NS.delay}' from='${domain}' ${stamp}/>`,
  `<delay xmlns='${NS.delay}' from='${domain.toUpperCase()}' ${stamp}>Offline storage</delay>`,
  `<d:delay xmlns:d='${NS.delay}' from='${domain}' ${stamp}/>`,
  `<delay xmlns='${NS.delay}' from='${juliet}' ${stamp}/>`,
]
const ownTime = `<delay xmlns='${NS.delay}' from='${mallory}/r' stamp='2002-02-03T04:05:06Z'/>`
const everyTime = [forgedTimes[0], ownTime, ...forgedTimes].join('')

/** Says it to somebody who is there, to somebody who is away, and looks at what both get and at what is in archives. */
async function everywhere(scene: Scene, payload: string): Promise<string[]> {
  const client = await scene.person('mallory')
  const message = (to: string, type = 'chat') =>
    client.send(`<message to='${to}' type='${type}' id='m'><body>hi</body>${payload}</message>`)
  message(`juliet@${domain}`)
  await heard(client)
  const desk = await scene.visit()
  await desk.client.login({ username: 'juliet', password: 'correct horse battery staple' }, desk.features)
  desk.client.send('<presence/>')
  const shelf = await scene.person('juliet', 'shelf')
  shelf.send(`<iq type='set' id='on'><enable xmlns='${NS.carbons}'/></iq>`)
  await heard(shelf)
  for (const type of ['chat', 'normal', 'headline']) {
    message(juliet, type)
    message(`${juliet}/${desk.client.jid.resource}`, type)
  }
  await heard(client)
  const read = [...(await heard(desk.client)), ...(await heard(shelf))]
  for (const reader of [desk.client, client]) {
    reader.send(`<iq type='set' id='all'><query xmlns='${NS.mam}'/></iq>`)
    read.push(...(await heardUntil(reader, (text) => text.includes('id="all"'))))
  }
  return read.filter((text) => text.includes('<body>hi</body>'))
}

describe.each(everyWay)('in the name of the server, %s', (_name, way) => {
  test('SEC-19: ids that claim to be of an archive of ours are gone wherever a message is read', async () => {
    await using scene = await way.open()
    const texts = await everywhere(scene, everyId)
    expect(texts.length).toBeGreaterThan(10)
    for (const text of texts) {
      expect(text).not.toContain('forged')
      for (const id of ['of-a-room', 'of-the-author']) expect(text).toContain(id)
      // At most the one of the reader's own archive, which is real.
      const ours = [...text.matchAll(/<stanza-id [^>]*by=["']([^"']*)/g)].map((match) => match[1])
      expect(ours.filter((by) => by !== 'room@elsewhere.test' && by !== juliet)).toEqual([])
    }
    expect(scene.errors()).toEqual([])
  })

  test('SEC-19: nor do those of another server stay, and a message still gets its own', async () => {
    await using scene = await way.open()
    const desk = await scene.person('juliet')
    const text = `<message xmlns='${NS.client}' from='eve@elsewhere.test/x' to='${juliet}' type='chat'><body>hi</body>${everyId}</message>`
    await scene.server.route(readStanza(parseElement(text)))
    const [message = ''] = await heard(desk)
    expect(message).not.toContain('forged')
    expect([...message.matchAll(/<stanza-id /g)]).toHaveLength(2)
    expect(message).toMatch(new RegExp(`<stanza-id xmlns="${sid}" by="${juliet}" id="[^"]+"/>`))
  })

  test('SEC-20: a time that claims to be the server’s word is gone wherever a message is read', async () => {
    await using scene = await way.open()
    const texts = await everywhere(scene, everyTime)
    expect(texts.length).toBeGreaterThan(10)
    for (const text of texts) {
      expect(text).not.toContain('2001-02-03')
      // What somebody says in their own name is their own affair.
      expect(text).toContain('2002-02-03')
    }
  })

  test('SEC-20: nor does presence carry one', async () => {
    await using scene = await way.open()
    const desk = await scene.person('juliet')
    const client = await scene.person('mallory', 'r', '')
    client.send(`<presence to='${juliet}/r'>${everyTime}</presence>`)
    await heard(client)
    const [presence = ''] = await heard(desk)
    expect(presence).toContain('2002-02-03')
    expect(presence).not.toContain('2001-02-03')
  })

  test('SEC-20: a forged time does not stand in for the true one when a session is resumed', async () => {
    await using scene = await way.open()
    const desk = await scene.person('juliet')
    desk.send(`<enable xmlns='${NS.streamManagement}' resume='true'/>`)
    const id = (await desk.find(`<enabled xmlns='${NS.streamManagement}'/>`)).attr('id')
    const client = await scene.person('mallory')
    client.send(`<message to='${juliet}/r' type='chat'><body>hi</body>${forgedTimes[0]}</message>`)
    await heard(client)
    desk.cut()
    const again = await scene.visit()
    await again.client.authenticate(
      { username: 'juliet', password: 'correct horse battery staple' },
      again.features,
    )
    again.client.send(`<resume xmlns='${NS.streamManagement}' previd='${id}' h='0'/>`)
    const texts = await heardUntil(again.client, (text) => text.includes('<body>hi</body>'))
    expect(texts.at(-1)).not.toContain('2001-02-03')
    expect(texts.at(-1)).toMatch(new RegExp(`<delay xmlns="${NS.delay}" from="${domain}" stamp="2023-`))
  })

  test('SEC-20: the server’s word about another domain of its own is not a client’s to give either', async () => {
    await using scene = await way.open()
    const visitor = await scene.visit({ to: otherDomain })
    await visitor.client.login(
      { username: 'juliet', password: 'correct horse battery staple' },
      visitor.features,
    )
    const client = await scene.person('mallory')
    client.send(
      `<message to='juliet@${otherDomain}/${visitor.client.jid.resource}' type='chat'><delay xmlns='${NS.delay}' from='${otherDomain}' ${stamp}/><body>hi</body></message>`,
    )
    await heard(client)
    const [text = ''] = await heard(visitor.client)
    expect(text).toContain('<body>hi</body>')
    expect(text).not.toContain('2001-02-03')
  })
})
