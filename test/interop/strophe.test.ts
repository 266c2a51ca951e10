import { $iq, $msg, $pres, Strophe } from 'strophe.js'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createInbox } from './inbox.js'
import { PlainRequest } from './plain-request.js'
import { domain, openWebPlace, password, type WebPlace } from './web-place.js'

vi.stubGlobal('XMLHttpRequest', PlainRequest)
Strophe.setLogLevel(Strophe.LogLevel.WARN)

/** What is used of an element of the DOM. */
interface Stanza {
  readonly tagName: string
  getAttribute(name: string): string | null
  getElementsByTagName(name: string): ArrayLike<{ readonly textContent: string | null }>
}

let place: WebPlace
beforeAll(async () => {
  place = await openWebPlace()
})
afterAll(() => place[Symbol.asyncDispose]())

/** Logs in and keeps what it receives. */
async function connect(url: string, username: string, options: object = {}) {
  const connection = new Strophe.Connection(url, options)
  const inbox = createInbox<Stanza>()
  const statuses = createInbox<number>()
  connection.addHandler((stanza: Stanza) => {
    inbox.put(stanza)
    return true
  }, null as never)
  connection.connect(`${username}@${domain}/strophe`, password, (status: number) => statuses.put(status))
  const status = await statuses.next(
    (one) =>
      one === Strophe.Status.CONNECTED || one === Strophe.Status.AUTHFAIL || one === Strophe.Status.CONNFAIL,
  )
  expect(status).toBe(Strophe.Status.CONNECTED)
  const leave = async () => {
    connection.disconnect('bye')
    await statuses.next((one) => one === Strophe.Status.DISCONNECTED)
  }
  const ask = (request: ReturnType<typeof $iq>) =>
    new Promise<Stanza>((resolve, reject) => connection.sendIQ(request, resolve, reject))
  return { connection, ask, leave, statuses, ...inbox }
}

const typeOf = (stanza: Stanza) => stanza.getAttribute('type')

describe.each([
  ['WebSocket', 'ws', '/xmpp-websocket'],
  ['BOSH', 'http', '/http-bind'],
])('strophe.js over %s', (way, scheme, path) => {
  const [anna, boris] = [`anna-${scheme}`, `boris-${scheme}`]
  const url = () => `${scheme}://127.0.0.1:${place.port}${path}`

  test(`W-2 W-5 BO-3: two log in over ${way}, meet, chat, and leave`, async () => {
    await place.register(anna, boris)
    const a = await connect(url(), anna)
    const b = await connect(url(), boris)
    for (const one of [a, b]) {
      await one.ask($iq({ type: 'get' }).c('query', { xmlns: 'jabber:iq:roster' }))
      one.connection.send($pres())
    }
    a.connection.send($pres({ to: `${boris}@${domain}`, type: 'subscribe' }))
    await b.next((stanza) => typeOf(stanza) === 'subscribe')
    b.connection.send($pres({ to: `${anna}@${domain}`, type: 'subscribed' }))
    await a.next((s) => s.tagName === 'presence' && s.getAttribute('from') === b.connection.jid && !typeOf(s))

    a.connection.send(
      $msg({ to: `${boris}@${domain}`, type: 'chat' })
        .c('body')
        .t('dobrý <den> & 🎉'),
    )
    const message = await b.next((stanza) => stanza.tagName === 'message')
    expect(message.getElementsByTagName('body')[0]?.textContent).toBe('dobrý <den> & 🎉')
    expect(message.getAttribute('from')).toBe(a.connection.jid)
    b.connection.send($msg({ to: a.connection.jid, type: 'chat' }).c('body').t('ahoj'))
    await a.next((stanza) => stanza.tagName === 'message')
    await a.ask($iq({ type: 'get', to: domain }).c('ping', { xmlns: 'urn:xmpp:ping' }))

    await b.leave()
    await a.next((stanza) => typeOf(stanza) === 'unavailable')
    await a.leave()
  })
})
