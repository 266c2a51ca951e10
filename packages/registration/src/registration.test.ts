import { removeUser } from '@xmppkit/auth'
import { parseJid } from '@xmppkit/jid'
import { NS, readStanza, type Stanza } from '@xmppkit/stanza'
import { parseElement, textFromWire } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { account, fakeHost } from './fake-host.js'
import type { RegistrationOptions } from './registration-options.js'

const ns = "xmlns='jabber:iq:register'"
const set = (content: string, attributes = '') =>
  `<iq type='set' id='r'${attributes}><query ${ns}>${content}</query></iq>`
const change = (username: string, password: string, attributes = '') =>
  set(`<username>${username}</username><password>${password}</password>`, attributes)
const condition = (stanza: string) =>
  stanza.match(/<([a-z-]+) xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/)?.[1]
const attributesOf = (stanza: string) =>
  Object.fromEntries([...stanza.matchAll(/ (\w+)='([^']*)'/g)].map(([, a, b]) => [a, b]))

async function scene(options: RegistrationOptions = {}) {
  const host = await fakeHost({ options })
  const juliet = host.connect()
  await juliet.logIn('juliet', 'r0m30', 'balcony')
  return { host, juliet }
}

describe('XEP-0077 §3.1: who is registered', () => {
  test.each(['', " to='example.com'", " to='juliet@example.com'"])(
    'is told so, and by which name%s',
    async (to) => {
      const { juliet } = await scene({ allowRegistration: true })
      const answer = await juliet.say(`<iq type='get' id='r'${to}><query ${ns}/></iq>`)
      expect(attributesOf(answer)).toMatchObject({ type: 'result', id: 'r' })
      expect(answer).toContain(
        `<query ${ns}><registered/><instructions>Choose a username and password to register.</instructions><username>juliet</username><password/></query>`,
      )
    },
  )

  test('L-6: nobody learns anything of somebody else, or from elsewhere', async () => {
    const { host, juliet } = await scene()
    await host.accounts.register(account('romeo'), 'x')
    for (const to of ['romeo@example.com', 'nobody@example.com']) {
      expect(condition(await juliet.say(`<iq type='get' id='r' to='${to}'><query ${ns}/></iq>`))).toBe(
        'forbidden',
      )
      expect(condition(await juliet.say(set('<remove/>', ` to='${to}'`)))).toBe('forbidden')
    }
    for (const to of ['example.com', 'juliet@example.com']) {
      const request = change('juliet', 'stolen', ` from='eve@example.net/x' to='${to}'`)
      await host.route(readStanza(parseElement(request.replace('<iq', "<iq xmlns='jabber:client'"))))
    }
    expect(host.away.map((stanza) => condition(textFromWire(stanza.toWire()).replaceAll('"', "'")))).toEqual([
      'forbidden',
      'forbidden',
    ])
    expect(await host.accounts.verifyPassword(account('juliet'), 'r0m30')).toBe(true)
    expect(await host.accounts.exists(account('romeo'))).toBe(true)
  })

  test('XEP-0077 §10: the server says that it has it', async () => {
    const { host } = await scene()
    expect(host.iq.namespaces('server')).toContain(NS.register)
    await host.registration.close()
    expect(host.iq.namespaces('server')).not.toContain(NS.register)
  })
})

describe('XEP-0077 §3.3: changing the password', () => {
  test('A-20: the new one counts from then on; other sessions end, this one goes on', async () => {
    const { host, juliet } = await scene()
    const other = host.connect()
    await other.logIn('juliet', 'r0m30', 'chamber')
    const answer = await juliet.say(change('Juliet', 'newpass', " to='example.com'"), /type='result'/)
    expect(attributesOf(answer)).toEqual({
      type: 'result',
      id: 'r',
      from: 'example.com',
      to: 'juliet@example.com/balcony',
    })
    expect(await other.say('')).toContain('<not-authorized')
    expect(await juliet.say(`<iq type='get' id='r'><query ${ns}/></iq>`)).toContain('<registered/>')
    expect(await host.accounts.verifyPassword(account('juliet'), 'newpass')).toBe(true)
    expect(await host.accounts.verifyPassword(account('juliet'), 'r0m30')).toBe(false)
    expect(host.log.join()).not.toContain('newpass')
  })

  test.each([
    ['without a name', set('<password>newpass</password>'), {}, 'bad-request'],
    ['without a password', set('<username>juliet</username>'), {}, 'bad-request'],
    ['with an empty one', change('juliet', ''), {}, 'bad-request'],
    ['with one that is none', change('juliet', 'new&#x85;pass'), {}, 'not-acceptable'],
    ['of somebody else', change('romeo', 'newpass'), {}, 'not-allowed'],
    ['of what cannot be a name', change('a b', 'newpass'), {}, 'jid-malformed'],
    ['where nobody may', change('juliet', 'newpass'), { allowPasswordChange: false }, 'not-allowed'],
  ])('%s is refused, and what was sent is not repeated', async (_what, request, options, expected) => {
    const { host, juliet } = await scene(options)
    const answer = await juliet.say(request, /type='error'/)
    expect(condition(answer)).toBe(expected)
    expect(answer).not.toContain('new')
    expect(await host.accounts.verifyPassword(account('juliet'), 'r0m30')).toBe(true)
  })

  test.each([
    [{}, 'not-authorized'],
    [{ allowInsecure: true }, 'result'],
  ])('over a connection anybody can read: %j', async (options, expected) => {
    const host = await fakeHost({ options })
    const heard: Stanza[] = []
    const jid = account('juliet').withResource('tomb')
    await host.sessions.open(
      { sid: '1', jid, deliver: (stanza) => void heard.push(stanza), close() {} },
      { secure: false },
    )
    const request = change('juliet', 'newpass', ` from='${jid}' to='example.com'`)
    await host.route(readStanza(parseElement(request.replace('<iq', "<iq xmlns='jabber:client'"))))
    const answer = textFromWire(heard[0]!.toWire()).replaceAll('"', "'")
    expect(condition(answer) ?? heard[0]!.type).toBe(expected)
  })
})

describe('XEP-0077 §3.2: removing the account', () => {
  test('P-10: the result comes first, then all sessions end, and the account is gone', async () => {
    const { host, juliet } = await scene()
    const other = host.connect()
    await other.logIn('juliet', 'r0m30', 'chamber')
    const result = await juliet.say(set('<remove/>'), /type='result'/)
    expect(attributesOf(result)).toMatchObject({ type: 'result', id: 'r', to: 'juliet@example.com/balcony' })
    await host.clock.advance(0)
    expect(await juliet.say('')).toMatch(/<stream:error [^>]*><not-authorized .*<\/stream:stream>$/)
    expect(await other.say('')).toMatch(/<stream:error [^>]*><not-authorized .*<\/stream:stream>$/)
    expect(await host.accounts.exists(account('juliet'))).toBe(false)
    const again = host.connect()
    expect(await again.logIn('juliet', 'r0m30')).toContain('<not-authorized')
    expect(host.log.join()).toContain('account removed in band')
  })

  test('the result does not wait for those who have much to clean up, or the session might end before it', async () => {
    const { host, juliet } = await scene()
    let cleaned = () => {}
    host.hooks.on(removeUser, () => new Promise<void>((resolve) => (cleaned = resolve)))
    const result = await juliet.say(set('<remove/>'), /type='result'/)
    expect(result).toContain("type='result'")
    expect(result).not.toContain('stream:error')
    expect(await host.accounts.exists(account('juliet'))).toBe(false)
    await expect(host.accounts.register(account('juliet'), 'x')).rejects.toMatchObject({
      code: 'auth/exists',
    })
    cleaned()
    await host.clock.advance(0)
    await host.accounts.register(account('juliet'), 'x')
  })

  test.each([
    ['with other children', set('<remove/><username>juliet</username>'), {}, 'bad-request'],
    ['with a form', set("<remove/><x xmlns='jabber:x:data' type='submit'/>"), {}, 'bad-request'],
    ['where nobody may', set('<remove/>'), { allowRemoval: false }, 'not-allowed'],
  ])('%s is refused', async (_what, request, options, expected) => {
    const { host, juliet } = await scene(options)
    expect(condition(await juliet.say(request, /type='error'/))).toBe(expected)
    await host.clock.advance(0)
    expect(await host.accounts.exists(account('juliet'))).toBe(true)
  })

  test('of an account that is none is registration-required', async () => {
    const { host } = await scene()
    const heard: Stanza[] = []
    const jid = parseJid('ghost@example.com').bare.withResource('x')
    await host.sessions.open({ sid: '1', jid, deliver: (stanza) => void heard.push(stanza), close() {} })
    const request = set('<remove/>', ` from='${jid}' to='example.com'`)
    await host.route(readStanza(parseElement(request.replace('<iq', "<iq xmlns='jabber:client'"))))
    expect(condition(textFromWire(heard[0]!.toWire()).replaceAll('"', "'"))).toBe('registration-required')
  })

  test('a store that fails before anything was done is internal-server-error, and the account stays', async () => {
    let broken = false
    const host = await fakeHost({
      store: (store) => ({
        ...store,
        setDisabled: (...args) =>
          broken ? Promise.reject(new Error('disk /var full')) : store.setDisabled(...args),
      }),
    })
    const juliet = host.connect()
    await juliet.logIn('juliet', 'r0m30')
    broken = true
    const answer = await juliet.say(set('<remove/>'), /type='error'/)
    expect(condition(answer)).toBe('internal-server-error')
    expect(answer).not.toContain('disk')
    expect(await host.accounts.exists(account('juliet'))).toBe(true)
  })

  test('one that fails in the middle is reported: the account cannot be used, and is removed another time', async () => {
    const host = await fakeHost({
      store: (store) => ({ ...store, remove: () => Promise.reject(new Error('disk /var full')) }),
    })
    const juliet = host.connect()
    await juliet.logIn('juliet', 'r0m30')
    expect(await juliet.say(set('<remove/>'), /type='result'/)).not.toContain('error')
    await host.clock.advance(0)
    expect(host.log.join()).toContain('an account could not be removed')
    const again = host.connect()
    expect(await again.logIn('juliet', 'r0m30')).toContain('failure')
  })
})
