import { connect } from 'node:net'
import { createManualClock } from '@xmppkit/runtime'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { domain } from './scene.js'
import { openWebScene, type WebScene } from './web-scene.js'

const ns = 'http://jabber.org/protocol/httpbind'
let scene: WebScene
beforeAll(async () => {
  scene = await openWebScene()
})
afterAll(() => scene[Symbol.asyncDispose]())

const creation = (rid: number, more = '') =>
  `<body xmlns='${ns}' rid='${rid}' to='${domain}' wait='1' hold='1' ver='1.11' xmlns:xmpp='urn:xmpp:xbosh' xmpp:version='1.0' ${more}/>`

async function session(
  rid = 100,
): Promise<{ sid: string; say(rid: number, content: string): ReturnType<WebScene['post']> }> {
  const { text } = await scene.post(creation(rid))
  const sid = / sid='([^']+)'/.exec(text)?.[1] ?? ''
  return {
    sid,
    say: (own, content) => scene.post(`<body xmlns='${ns}' rid='${own}' sid='${sid}'>${content}</body>`),
  }
}

describe('requests nobody should send', () => {
  test.each([
    ['nothing', ''],
    ['no XML', '<body xmlns='],
    ['a document type', `<!DOCTYPE body [<!ENTITY a 'b'>]><body xmlns='${ns}' rid='1' to='${domain}'/>`],
    ['an entity', `<body xmlns='${ns}' rid='1' to='${domain}'>&xxe;</body>`],
    ['bad UTF-8', `<body xmlns='${ns}' rid='1' to='\ud800'/>`],
    ['deep nesting', `<body xmlns='${ns}' rid='1'>${'<a>'.repeat(70)}${'</a>'.repeat(70)}</body>`],
    ['many elements', `<body xmlns='${ns}' rid='1'>${'<a/>'.repeat(9_000)}</body>`],
    ['a negative id', `<body xmlns='${ns}' rid='-1' to='${domain}'/>`],
  ])('BO-1: %s is refused', async (_what, body) => {
    const { text } = await scene.post(body)
    expect(text).toMatch(/type='terminate' condition='(bad-request|remote-stream-error)'/)
    await scene.othersChat()
    expect(scene.errors()).toEqual([])
  })

  test('SEC-2: a stranger’s element is as small as on a socket', async () => {
    const { say } = await session()
    const { text } = await say(101, `<message xmlns='jabber:client'>${'x'.repeat(20_000)}</message>`)
    expect(text).toContain("condition='remote-stream-error'")
    expect(text).toContain('policy-violation')
  })

  test('SEC-28: a request larger than may be is not read, whatever it claims', async () => {
    expect((await scene.post('x'.repeat(600_000))).status).toBe(413)
    const socket = connect(scene.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write('POST /http-bind HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')
    let answer = ''
    const ended = new Promise((resolve) => socket.once('close', resolve))
    socket.on('data', (chunk) => {
      answer += String(chunk)
    })
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
    for (let i = 0; i < 20 && !socket.destroyed; i += 1) socket.write(chunk)
    await ended
    expect(answer).toMatch(/^HTTP\/1\.1 413 |^$/)
    await scene.othersChat()
  })

  test('BO-1: without its id nobody gets at a session, and with a request id that does not fit nobody keeps it', async () => {
    const { sid, say } = await session()
    for (const guess of [
      sid.slice(0, -1),
      `${sid}A`,
      sid.toLowerCase() === sid ? sid.toUpperCase() : sid.toLowerCase(),
      '',
    ]) {
      const { text } = await scene.post(`<body xmlns='${ns}' rid='101' sid='${guess}'/>`)
      expect(text).toContain('item-not-found')
    }
    expect(
      (await say(101, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='UNHEARD'/>")).text,
    ).toContain('<failure')
    expect((await say(1_000, '')).text).toContain('item-not-found')
    expect((await say(102, '')).text).toContain('item-not-found')
  })

  test('SEC-10: a restart cannot move a session to another domain', async () => {
    const { sid } = await session()
    const restart = `<body xmlns='${ns}' rid='101' sid='${sid}' to='elsewhere.test' xmlns:xmpp='urn:xmpp:xbosh' xmpp:restart='true'/>`
    expect((await scene.post(restart)).text).toContain("type='terminate'")
  })

  test('W-7 SEC-27: a page of another site gets nothing, whatever session it names', async () => {
    const { sid } = await session()
    const { status, text } = await scene.post(`<body xmlns='${ns}' rid='101' sid='${sid}'/>`, {
      Origin: 'https://evil.example',
      'Content-Type': 'text/plain',
    })
    expect([status, text]).toEqual([403, 'Forbidden\n'])
  })

  test('BO-4: sessions nobody asks for any more are gone, and take nothing with them', async () => {
    const limits = { maxConnectionsPerAddress: 20 }
    const clock = createManualClock()
    await using short = await openWebScene({ clock, web: { limits } })
    const statuses = []
    for (let i = 0; i < 21; i += 1) statuses.push((await short.post(creation(100))).status)
    expect(statuses.filter((status) => status === 503)).toHaveLength(1)
    await clock.advance(60_000)
    expect((await short.post(creation(100))).status).toBe(200)
    await clock.advance(60_000)
    await short.othersChat()
    expect(short.errors()).toEqual([])
  })
})
