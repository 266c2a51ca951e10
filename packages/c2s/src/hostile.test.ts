import { describe, expect, test } from 'vitest'
import { connect, hello, logIn, rig, settled } from './fake-client.js'
import { userSendPacket } from './tokens.js'

// A generator of its own, so that a failure can be repeated.
function dice(seed: number): (sides: number) => number {
  let state = seed
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * sides)
  }
}

const names = ['message', 'presence', 'iq', 'iq', 'x', '__proto__']
const attributes = ['to', 'from', 'type', 'id', 'xml:lang', 'constructor', 'xmlns']
const values = [
  '',
  'ann@example.com',
  'ann@example.com/r',
  'bob@example.com',
  'example.com',
  'other.example',
  '@@',
  'a'.repeat(1_100),
  'chat',
  'groupchat',
  'error',
  'get',
  'set',
  'result',
  'subscribe',
  'probe',
  'unavailable',
  'jabber:client',
  'urn:ietf:params:xml:ns:xmpp-bind',
  '\u{1f600}',
]
const children = [
  '',
  '<body>Hi</body>',
  '<priority>99999999999999999999</priority>',
  '<priority>-0</priority>',
  "<query xmlns='jabber:iq:roster'/>",
  "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>",
  "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>",
  "<ping xmlns='urn:xmpp:ping'/><ping xmlns='urn:xmpp:ping'/>",
  "<error xmlns='jabber:client' type='nonsense'/>",
  "<a xmlns='urn:a'>".repeat(20) + '</a>'.repeat(20),
]

function element(roll: (sides: number) => number): string {
  const name = names[roll(names.length)]
  const chosen = new Map<string, string>()
  for (let i = roll(5); i > 0; i--) {
    chosen.set(attributes[roll(attributes.length)]!, values[roll(values.length)]!)
  }
  const list = [...chosen].map(([key, value]) => ` ${key}='${value}'`).join('')
  return `<${name}${list}>${children[roll(children.length)]}${children[roll(children.length)]}</${name}>`
}

describe('hostile clients', () => {
  test('SEC-38: whatever a client sends, it is answered or its stream ends, and nothing breaks', async () => {
    const { client, port, sessions, errors, clock } = rig({ c2s: { shaper: {} } })
    const roll = dice(20_260_801)
    const bystander = await client('bob', 'r')
    bystander.feed('<presence/>')
    let ann = await client('ann', 'r')
    for (let i = 0; i < 3_000; i++) {
      const ended = ann.calls.includes('end')
      if (ended) {
        await settled()
        ann = await client('ann', 'r')
      }
      ann.feed(element(roll))
    }
    await settled()
    expect(errors).toEqual([])
    await bystander.heard()
    bystander.feed("<message to='bob@example.com/r'><body>still here</body></message>")
    expect(await bystander.heard()).toContain('still here')
    await port.close()
    await clock.advance(60_000)
    expect([sessions.count(), port.connections, clock.timers]).toEqual([0, 0, 0])
  })

  test('SEC-2: strangers that come, send garbage and go leave nothing behind', async () => {
    const { port, clock, c2s } = rig()
    const roll = dice(7)
    for (let i = 0; i < 1_000; i++) {
      const stranger = connect(port)
      if (roll(2) === 0) stranger.feed(hello())
      stranger.feed(element(roll).slice(0, roll(40)))
      stranger.sink.disconnected(roll(2) === 0 ? new Error('reset') : undefined)
    }
    await settled()
    expect([port.connections, c2s.connections, clock.timers]).toEqual([0, 0, 0])
  })

  test('SEC-30: a login that drips is cut off at the deadline', async () => {
    const { port, clock } = rig()
    const slow = connect(port)
    for (const character of hello()) {
      slow.feed(character)
      await clock.advance(400)
    }
    expect(await slow.heard()).toContain('<connection-timeout')
    expect(port.connections).toBe(0)
  })

  test('SEC-2 X-12: before login an element may have 8 KiB, afterwards 256 KiB', async () => {
    const { port, client, away } = rig()
    const stranger = connect(port)
    stranger.feed(hello())
    stranger.feed(
      `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${'A'.repeat(9_000)}</auth>`,
    )
    expect(await stranger.heard()).toContain('<policy-violation')
    const ann = await client('ann', 'r')
    ann.feed(`<message to='bob@other.example'><body>${'x'.repeat(250_000)}</body></message>`)
    expect(away.length).toBe(1)
    ann.feed(`<message to='bob@other.example'><body>${'x'.repeat(300_000)}</body></message>`)
    expect(await ann.heard()).toContain('<policy-violation')
  })

  test('NODE-1: a client cannot pile up stanzas behind a handler that hangs', async () => {
    const { port, hooks } = rig({ port: { maxUnreadBytes: 1_000 } })
    hooks.on(userSendPacket, () => new Promise(() => {}))
    const ann = connect(port)
    await logIn(ann, 'ann')
    ann.feed("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
    await ann.heard()
    for (let i = 0; i < 40; i++) ann.feed(`<message id='${i}' to='bob@other.example'/>`)
    expect(ann.calls).toContain('pause')
    expect(await ann.heard()).toContain('<resource-constraint')
  })
})
