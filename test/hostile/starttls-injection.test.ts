import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { domain, farewell, header, openScene, password } from './scene.js'
import { call, openSocketScene, type SocketScene, secure } from './sockets.js'

const starttls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
const plain = Buffer.from(`\0mallory\0${password}`).toString('base64')
const auth = `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${plain}</auth>`
const bind = "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"
const message = `<message to='juliet@${domain}/r'><body>injected</body></message>`

let scene: SocketScene
beforeAll(async () => {
  scene = await openSocketScene('starttls')
})
afterAll(() => scene[Symbol.asyncDispose]())

const sessionsOfMallory = () => scene.server.commands.call('user_resources', { account: `mallory@${domain}` })

describe('clear text behind starttls', () => {
  test.each([
    ['a stanza', message],
    ['a whole login', `${header}${auth}${header}${bind}${message}`],
    ['the beginning of something', header.slice(0, 30)],
    ['much', `${header}${' '.repeat(50_000)}${auth}`],
    ['garbage', '<<<<&&&&\0'],
  ])('T-3 SEC-7: %s in the same segment is never heard of again', async (_what, injected) => {
    const victim = await call(scene.port)
    await victim.send(header)
    await victim.until('</stream:features>')
    await victim.send(starttls + injected)
    await victim.until('<proceed')
    const secured = await secure(victim)
    // What the kernel still held may reach the TLS layer, which then gives up; it must not reach the stream.
    if (secured !== undefined) {
      await secured.send(header)
      const said = await secured.until('</stream:features>')
      expect(said).toMatch(/^<\?xml version='1\.0'\?><stream:stream [^<>]*><stream:features>/)
      expect(said).toContain('PLAIN')
      secured.socket.destroy()
    }
    expect(await sessionsOfMallory()).toEqual([])
    await scene.othersChat()
  })

  test('T-3: the handshake goes on behind a short injection that came in one segment', async () => {
    const victim = await call(scene.port)
    await victim.send(header)
    await victim.until('</stream:features>')
    await victim.send(starttls + message)
    await victim.until('<proceed')
    expect(await secure(victim)).toBeDefined()
    victim.socket.destroy()
    await scene.othersChat()
  })

  test('T-3: what comes after, instead of a handshake, ends the connection and is never heard of', async () => {
    const victim = await call(scene.port)
    await victim.send(header + starttls)
    await victim.until('<proceed')
    await victim.send(`${header}${auth}`)
    await victim.gone
    expect(await sessionsOfMallory()).toEqual([])
    await scene.othersChat()
  })

  test('T-3: in memory too, byte by byte', async () => {
    await using pipe = await openScene()
    const line = pipe.line({
      secure: false,
      *split(bytes) {
        for (let at = 0; at < bytes.length; at++) yield bytes.subarray(at, at + 1)
      },
    })
    await line.client.open()
    line.forget()
    line.send(starttls + message)
    await expect.poll(line.heard).toContain('<proceed')
    await pipe.othersChat()
    line.client.cut()
  })
})

describe('without TLS', () => {
  test.each([
    ['T-9 SEC-7: a password', auth, /<encryption-required/],
    ['S-10: a stanza', message, /<not-authorized/],
    ['S-10: a request to bind', bind, /<not-authorized/],
  ])('%s is refused, and nothing but STARTTLS is offered', async (_what, said, answer) => {
    const line = await call(scene.port)
    await line.send(header)
    const offered = await line.until('</stream:features>')
    expect(offered).toContain('<required/>')
    expect(offered).not.toContain('mechanism')
    await line.send(`${said}</stream:stream>`)
    expect(await line.gone).toMatch(answer)
    expect(await sessionsOfMallory()).toEqual([])
  })

  test.each([
    ['with content', "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"],
    ['that is not starttls', "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"],
  ])('T-2: a request for TLS %s fails and ends the stream', async (_what, said) => {
    const line = await call(scene.port)
    await line.send(header)
    await line.until('</stream:features>')
    await line.send(said)
    expect(await line.gone).toBe('<failure xmlns="urn:ietf:params:xml:ns:xmpp-tls"/></stream:stream>')
  })
})

test('T-4: within TLS it is refused', async () => {
  const first = await call(scene.port)
  await first.send(header + starttls)
  await first.until('<proceed')
  const secured = await secure(first)
  await secured!.send(header)
  expect(await secured!.until('</stream:features>')).not.toContain('starttls')
  await secured!.send(starttls)
  expect(await secured!.gone).toBe('<failure xmlns="urn:ietf:params:xml:ns:xmpp-tls"/></stream:stream>')
})

test('SEC-3: compression is not offered, and not begun', async () => {
  const line = scene.line()
  const { features } = await line.client.open()
  expect(String(features.toElement())).not.toMatch(/compress|zlib/)
  line.forget()
  line.send("<compress xmlns='http://jabber.org/protocol/compress'><method>zlib</method></compress>")
  expect(await line.gone).toMatch(farewell('unsupported-stanza-type', { withHeader: false }))
})
