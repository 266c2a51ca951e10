import { readFileSync } from 'node:fs'
import { makeJid } from '@xmppkit/jid'
import { createMemoryOfflineStore, type OfflineStore } from '@xmppkit/offline'
import { silentLogger } from '@xmppkit/runtime'
import { afterEach, expect, test } from 'vitest'
import { createChat } from './chat.js'

const chats: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const chat of chats.splice(0)) await chat.close()
})

function scene(store: OfflineStore = createMemoryOfflineStore()) {
  const chat = createChat('verona.example', {
    isUser: ({ local }) => ['juliet', 'romeo'].includes(local),
    store,
    mottos: new Map([['Montague', 'Live & let love']]),
    logger: silentLogger,
  })
  chats.push(chat)
  return async (local: string) => {
    const got: string[] = []
    const jid = makeJid({ local, domain: 'verona.example' }).withResource('app')
    const link = await chat.connect(jid, (xml) => got.push(xml))
    const send = (xml: string) => link.receive(xml.replace(/^<\w+/, "$& xmlns='jabber:client'"))
    return { got, send, leave: link.leave }
  }
}

test('the whole wiring is under 80 lines', () => {
  const source = readFileSync(new URL('./chat.ts', import.meta.url), 'utf8')
  const lines = source.trimEnd().split('\n').length
  expect(lines).toBeLessThan(80)
  for (const block of ['createRouter', 'createIq', 'createSessions', 'createOffline', 'domainHandler']) {
    expect(source).toContain(`${block}(`)
  }
})

test('a message reaches the session of its addressee, in the name of whoever sent it', async () => {
  const connect = scene()
  const [romeo, juliet] = [await connect('romeo'), await connect('juliet')]
  await juliet.send('<presence/>')
  await romeo.send(
    "<message to='juliet@verona.example' from='tybalt@verona.example' type='chat'><body>hi</body></message>",
  )
  expect(juliet.got).toHaveLength(1)
  expect(juliet.got[0]).toContain('from="romeo@verona.example/app"')
  expect(juliet.got[0]).toContain('<body>hi</body>')
})

test('a request is answered by its typed handler', async () => {
  const juliet = await scene()('juliet')
  await juliet.send(
    "<iq to='verona.example' type='get' id='1'><motto xmlns='urn:example:motto' house='Montague'/></iq>",
  )
  expect(juliet.got[0]).toContain('type="result"')
  expect(juliet.got[0]).toContain('Live &amp; let love')
})

test('what the handler does not know, or is not asked properly, comes back as an error', async () => {
  const juliet = await scene()('juliet')
  await juliet.send(
    "<iq to='verona.example' type='get' id='1'><motto xmlns='urn:example:motto' house='Capulet'/></iq>",
  )
  await juliet.send("<iq to='verona.example' type='get' id='2'><motto xmlns='urn:example:motto'/></iq>")
  expect(juliet.got[0]).toContain('<item-not-found')
  expect(juliet.got[1]).toContain('<bad-request')
  expect(juliet.got[1]).toContain('motto/@house: required')
})

test('a message to somebody who is away is stored, and delivered once they are available', async () => {
  const store = createMemoryOfflineStore()
  const connect = scene(store)
  const romeo = await connect('romeo')
  await romeo.send("<message to='juliet@verona.example' type='chat'><body>later</body></message>")
  const account = makeJid({ local: 'juliet', domain: 'verona.example' }).bare
  expect(await store.count(account, 0)).toBe(1)

  const juliet = await connect('juliet')
  expect(juliet.got).toEqual([])
  await juliet.send('<presence/>')
  await expect.poll(() => juliet.got).toHaveLength(1)
  expect(juliet.got[0]).toContain('<body>later</body>')
  expect(juliet.got[0]).toContain('<delay xmlns="urn:xmpp:delay"')
  // Removed once it was handed over.
  await expect.poll(() => store.count(account, 0)).toBe(0)
  expect(romeo.got).toEqual([])
})

test('a message to nobody we know comes back', async () => {
  const romeo = await scene()('romeo')
  await romeo.send("<message to='nurse@verona.example' type='chat' id='m'><body>?</body></message>")
  expect(romeo.got[0]).toContain('<service-unavailable')
})
