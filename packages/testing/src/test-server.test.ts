import { message } from '@xmppkit/stanza'
import { expect, test } from 'vitest'
import { createTestServer } from './test-server.js'
import { playWireScript } from './wire-script.js'

test('accounts are made as they are needed, and people chat', async () => {
  await using server = await createTestServer()
  const juliet = await server.connect('juliet@example.org/balcony')
  const romeo = await server.connect('romeo@example.org')
  expect(juliet.jid.toString()).toBe('juliet@example.org/balcony')
  juliet.send('<presence/>')
  await juliet.expect("<presence from='juliet@example.org/balcony'/>")
  romeo.send("<message to='juliet@example.org' type='chat'><body>hi</body></message>")
  await juliet.expect("<message type='chat'><body>hi</body></message>")
  await juliet.expectNothing()
})

test('a test can send as somebody on the server', async () => {
  await using server = await createTestServer()
  const juliet = await server.connect('juliet@example.org/balcony')
  await server.route(message({ from: 'news@example.org', to: juliet.jid, body: 'extra' }))
  await juliet.expect("<message from='news@example.org'><body>extra</body></message>")
})

test('a script tells a conversation', async () => {
  await using server = await createTestServer()
  await playWireScript(
    `
    # Messages to people who are away wait for them.
    juliet connects
    romeo connects
    romeo sends: <message to='{bare:juliet}' type='chat'><body>are you there?</body></message>
    romeo receives nothing
    juliet sends: <presence/>
    juliet finds: <presence from='{jid:juliet}'/>
    juliet finds:
      <message from='{jid:romeo}' type='chat'>
        <body>are you there?</body>
        <delay xmlns='urn:xmpp:delay'/>
      </message>
    juliet receives nothing
    juliet disconnects
    `,
    { connect: (name) => server.connect(`${name}@example.org/here`) },
  )
})

test('a script can begin before the login, keep values, wait and see the end', async () => {
  await using server = await createTestServer()
  await server.register('juliet@example.org')
  await playWireScript(
    `
    romeo connects
    juliet dials
    juliet logs in
    juliet sends: <iq type='get' id='r1'><query xmlns='jabber:iq:roster' ver=''/></iq>
    juliet receives: <iq id='r1'><query xmlns='jabber:iq:roster' ver='{set:before}'/></iq>
    juliet sends: <iq type='get' id='r2'><query xmlns='jabber:iq:roster' ver='{get:before}'/></iq>
    juliet receives: <iq id='r2' _children='1'/>
    juliet sends: <presence from='romeo@example.org'/>
    juliet receives: <error xmlns='http://etherx.jabber.org/streams'/>
    juliet receives the end
    romeo sends: <message><body>to myself</body></message>
    romeo waits
    romeo receives nothing
    romeo sends: <presence/>
    romeo waits
    romeo receives: <presence/>
    romeo receives: <message><body>to myself</body></message>
    romeo forgets
    juliet connects
    juliet, romeo sends:
      <message>
        <body>to myself</body>
      </message>
    romeo receives: <message from='romeo@example.org/here'/>
    `,
    {
      connect: (name) => server.connect(`${name}@example.org/here`),
      dial: () => server.dial(),
      login: (name, client) => client.login({ username: name, password: `${name}@example.org` }),
    },
  )
})

test('an end that does not come is told apart from one that does', async () => {
  await using server = await createTestServer()
  const juliet = await server.connect('juliet@example.org')
  juliet.send('<presence/>')
  await expect(juliet.expectEnd()).rejects.toThrow('the end was expected, got <presence')
  juliet.cut()
  await juliet.expectEnd()
})

test.each([
  ['juliet waltzes', /line 1 is not understood/],
  ['juliet sends: <presence/>', /line 1: juliet is not connected/],
  ['juliet connects\njuliet receives: <message/>', /line 2, juliet receives: .*closed|within/],
])('a script that goes wrong says where: %j', async (script, message) => {
  await using server = await createTestServer()
  const connect = async (name: string) => {
    const client = await server.connect(`${name}@example.org`)
    client.cut()
    return client
  }
  await expect(playWireScript(script, { connect })).rejects.toThrow(message)
})

test('a server that is closed says so to its clients', async () => {
  const server = await createTestServer()
  const juliet = await server.connect('juliet@example.org')
  const closing = server.close()
  await juliet.expect(
    "<error xmlns='http://etherx.jabber.org/streams'><system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error>",
  )
  await juliet.ended
  await juliet.close()
  await closing
})
