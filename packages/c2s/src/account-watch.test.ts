import { accountDisabled, passwordChanged, removeUser } from '@xmppkit/auth'
import { parseJid } from '@xmppkit/jid'
import { createSaslClient, createScramHasher } from '@xmppkit/sasl'
import { createMemoryRegistry } from '@xmppkit/sessions'
import { NS } from '@xmppkit/stanza'
import { describe, expect, test } from 'vitest'
import { bindRequest, connect, type FakeClient, hello, logIn, type Rig, rig, settled } from './fake-client.js'

const ann = parseJid('ann@example.com').bare
const changed = (host: Rig, account = ann) => host.hooks.run(passwordChanged, { account, by: undefined })
const auth = (mechanism: string, data: Uint8Array | undefined): string =>
  `<auth xmlns='${NS.sasl}' mechanism='${mechanism}'>${Buffer.from(data ?? []).toString('base64')}</auth>`
const plain = (user: string, password = 'secret') => auth('PLAIN', Buffer.from(`\0${user}\0${password}`))

/** Goes on where a login has got to. */
async function bind(client: FakeClient): Promise<string> {
  client.feed(hello())
  client.feed(bindRequest('r'))
  return client.heard()
}

/** Credentials that wait for `release`. */
function slowPasswords() {
  let release = () => {}
  const waiting = new Promise<void>((resolve) => {
    release = resolve
  })
  const verifyPassword = async () => {
    await waiting
    return true
  }
  return { credentials: { passwords: { verifyPassword } }, release: () => release() }
}

describe('A-20: a login that is under way when a password changes opens no session', () => {
  test('between the two messages of SCRAM', async () => {
    const verifier = await createScramHasher({ iterations: 4096 }).derive('secret', { hash: 'SHA-256' })
    const host = rig({ deps: { credentials: { scram: { scramVerifier: () => verifier } } } })
    const login = createSaslClient({ username: 'ann', password: 'secret' }).begin('SCRAM-SHA-256')
    const client = connect(host.port)
    client.feed(hello() + auth('SCRAM-SHA-256', await login?.start()))
    const challenge = /<challenge [^>]*>([^<]*)</.exec(await client.heard())?.[1] ?? ''
    await changed(host)
    const response = await login?.next(Buffer.from(challenge, 'base64'))
    client.feed(`<response xmlns='${NS.sasl}'>${Buffer.from(response ?? []).toString('base64')}</response>`)
    expect(await client.heard()).toContain('<success')
    expect(await bind(client)).toContain('<not-authorized')
    expect(host.sessions.count()).toBe(0)
  })

  test('while a password is checked, also where the session comes with the login', async () => {
    const { credentials, release } = slowPasswords()
    const host = rig({ deps: { credentials } })
    const [one, two] = [connect(host.port), connect(host.port)]
    one.feed(hello() + plain('ann'))
    const initial = Buffer.from('\0ann\0secret').toString('base64')
    two.feed(
      `${hello()}<authenticate xmlns='${NS.sasl2}' mechanism='PLAIN'><initial-response>${initial}</initial-response><bind xmlns='${NS.bind2}'/></authenticate>`,
    )
    await settled()
    await changed(host)
    release()
    expect(await two.heard()).toMatch(/<stream:error.*<not-authorized/)
    expect(await bind(one)).toMatch(/<stream:error.*<not-authorized/)
    expect(host.sessions.count()).toBe(0)
  })

  test('and neither does one that has only to bind, nor is an older session replaced by it', async () => {
    const host = rig()
    const by = await host.client('ann', 'r')
    const client = connect(host.port)
    await logIn(client, 'ann')
    await host.hooks.run(passwordChanged, { account: ann, by: ann.withResource('r') })
    client.feed(bindRequest('r'))
    expect(await client.heard()).toMatch(/<stream:error.*<not-authorized/)
    expect(await by.heard()).toBe('')
    expect(host.sessions.count()).toBe(1)
  })

  test('nor one whose session nobody could find yet', async () => {
    const memory = createMemoryRegistry()
    let release = () => {}
    const registry = {
      ...memory,
      async put(entry: Parameters<typeof memory.put>[0]) {
        await new Promise<void>((resolve) => {
          release = resolve
        })
        memory.put(entry)
      },
    }
    const host = rig({ registry })
    const client = connect(host.port)
    await logIn(client, 'ann')
    client.feed(bindRequest('r'))
    await settled()
    await changed(host)
    release()
    expect(await client.heard()).toMatch(/<stream:error.*<not-authorized/)
    expect(host.sessions.count()).toBe(0)
  })

  test('but one that begins afterwards does, on whatever stream, and so does one of somebody else', async () => {
    const host = rig()
    const [again, other] = [connect(host.port), connect(host.port)]
    again.feed(hello() + plain('ann', 'forgotten'))
    await logIn(other, 'bob')
    await changed(host)
    again.feed(plain('ann'))
    await settled()
    expect(await bind(again)).toContain('ann@example.com/r')
    other.feed(bindRequest('r'))
    expect(await other.heard()).toContain('bob@example.com/r')
    expect(host.sessions.count()).toBe(2)
  })
})

test('A-20: sessions end after everybody who takes other ways in has heard of a change', async () => {
  const host = rig()
  await host.client('ann', 'r')
  const seen: number[] = []
  const listener = () => void seen.push(host.sessions.count())
  host.hooks.on(passwordChanged, listener, { seq: 998 })
  host.hooks.on(accountDisabled, listener, { seq: 998 })
  await changed(host)
  await host.client('ann', 'r')
  await host.hooks.run(accountDisabled, { account: ann, reason: 'spam' })
  expect([seen, host.sessions.count()]).toEqual([[1, 1], 0])
})

test.each([
  [
    'A-20: an account that is disabled',
    (host: Rig) => host.hooks.run(accountDisabled, { account: ann, reason: 'spam' }),
  ],
  [
    'SEC-25: an account that is removed',
    (host: Rig) => host.hooks.run(removeUser, { account: ann, id: '1' }),
  ],
])('%s gets no session of a login that was under way', async (_what, happens) => {
  const host = rig()
  const client = connect(host.port)
  await logIn(client, 'ann')
  await happens(host)
  await host.clock.advance(0)
  client.feed(bindRequest('r'))
  expect(await client.heard()).toMatch(/<stream:error.*<not-authorized/)
  expect(host.sessions.count()).toBe(0)
})

test('an account that is enabled again keeps its logins', async () => {
  const host = rig()
  const client = connect(host.port)
  await logIn(client, 'ann')
  await host.hooks.run(accountDisabled, { account: ann, reason: undefined })
  client.feed(bindRequest('r'))
  expect(await client.heard()).toContain('ann@example.com/r')
})
