import { createMemoryAccountStore } from '@xmppkit/auth'
import { AccountStoreService, AccountsService } from '@xmppkit/auth/module'
import { parseJid } from '@xmppkit/jid'
import { provide } from '@xmppkit/module'
import { createScramHasher, encodeBase64, type ScramHash } from '@xmppkit/sasl'
import { NS } from '@xmppkit/stanza'
import type { RawElement } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { createAuthority } from './certificates.js'
import { login, mechanismOf, offered, phone, withToken } from './logins.js'
import { domain, everyWay, password, type Scene, type Visitor, type Way } from './scene.js'
import { claims, createIssuer } from './tokens.js'

const juliet = parseJid(`juliet@${domain}`).bare
const upgradeNs = 'urn:xmpp:sasl:upgrade:0'
const scramNs = 'urn:xmpp:scram-upgrade:0'
const hasher = createScramHasher()
const wish = (hash: string) => `<upgrade xmlns='${upgradeNs}'>UPGR-SCRAM-${hash}</upgrade>`
const authority = createAuthority('people of Verona')

/** A server whose accounts have SHA-1 alone, and that wants SHA-512 of them. */
async function place(way: Way, more: Parameters<Way['open']>[0] = {}) {
  const store = createMemoryAccountStore()
  const services = [provide(AccountStoreService, store), ...(more.services ?? [])]
  const scene = await way.open(
    { accounts: { hashes: ['SHA-1'], upgrades: ['SHA-512'], iterations: 4096 }, ...more, services },
    authority.cert,
  )
  const hashes = async () => ((await store.get(juliet))?.scram ?? []).map(({ hash }) => hash).sort()
  // As they were before anybody thought of another hash.
  const stored = (await store.get(juliet))?.scram ?? []
  await store.setCredentials(juliet, { scram: stored.filter(({ hash }) => hash === 'SHA-1') })
  return { scene, store, hashes }
}

/** Logs in, asks for upgrades and does what the server then wants; what it says last. */
async function upgrade(
  visitor: Visitor,
  about: {
    wishes?: readonly string[]
    mechanism?: string
    secret?: string
    answer?: (salt: RawElement) => Promise<string> | string
    hash?: ScramHash
  } = {},
) {
  const { wishes = ['SHA-512'], mechanism = 'SCRAM-SHA-1-PLUS', hash = 'SHA-512', secret = password } = about
  const more = wishes.map(wish).join('')
  const said: string[] = []
  const attempt = {
    profile: 'SASL2',
    mechanism: mechanismOf(mechanism, { username: 'juliet', secret }, visitor.bindings),
    more,
  } as const
  let { answer } = await login(visitor, attempt)
  const asked = answer.child('tasks', NS.sasl2)?.childText('task', NS.sasl2)
  if (answer.name !== 'continue') return { answer, asked, said }
  const compute = async (salt: RawElement) => {
    const parameters = {
      hash,
      salt: Buffer.from(salt.text(), 'base64'),
      iterations: Number(salt.attr('iterations')),
    }
    return `<hash xmlns='${scramNs}'>${encodeBase64(await hasher.saltedPassword(password, parameters))}</hash>`
  }
  visitor.client.send(`<next xmlns='${NS.sasl2}' task='${asked}'/>`)
  answer = await visitor.client.receive()
  const salt = answer.child('salt', scramNs)
  if (salt === undefined) return { answer, asked, said }
  const response = await (about.answer ?? compute)(salt)
  said.push(response)
  visitor.client.send(`<task-data xmlns='${NS.sasl2}'>${response}</task-data>`)
  answer = await visitor.client.receive()
  return { answer, asked, said, salt }
}

const condition = ({ answer }: { readonly answer: RawElement }) =>
  answer.name === 'failure' ? answer.children[0]?.name : answer.name

/** Whether somebody gets in with that mechanism, once the server offers it. */
async function logsIn(
  way: Way,
  store: ReturnType<typeof createMemoryAccountStore>,
  mechanism: string,
  secret = password,
) {
  await using scene: Scene = await way.open({
    accounts: { hashes: ['SHA-512', 'SHA-1'], iterations: 4096 },
    services: [provide(AccountStoreService, store)],
  })
  const visitor = await scene.visit()
  const chosen = mechanismOf(mechanism, { username: 'juliet', secret }, visitor.bindings)
  return (await login(visitor, { profile: 'SASL2', mechanism: chosen })).word
}

describe.each(everyWay)('XEP-0480: a new hash, %s', (_name, way) => {
  test('is offered to everybody, whoever they say they are, and is no mechanism yet', async () => {
    const { scene } = await place(way)
    await using _ = scene
    for (const from of [undefined, `juliet@${domain}`, `nobody@${domain}`]) {
      const { features } = await scene.visit(from === undefined ? {} : { from })
      const list = features.child('authentication', NS.sasl2)
      const upgrades = list?.children.flatMap(({ name, ns }, i) =>
        name === 'upgrade' && ns === upgradeNs ? [list.childAt(i).text()] : [],
      )
      expect(upgrades).toEqual(['UPGR-SCRAM-SHA-1', 'UPGR-SCRAM-SHA-512'])
      expect(offered(features, 'SASL2').filter((one) => one.includes('SHA-512'))).toEqual([])
    }
  })

  test('comes with a login, keeps the old one, and lets its owner in from then on', async () => {
    const { scene, store, hashes } = await place(way)
    await using _ = scene
    expect(await hashes()).toEqual(['SHA-1'])
    const { answer, asked, salt } = await upgrade(await scene.visit())
    expect([asked, answer.name]).toEqual(['UPGR-SCRAM-SHA-512', 'success'])
    expect(answer.childText('authorization-identifier', NS.sasl2)).toBe(`juliet@${domain}`)
    // XEP-0388: the data went with <continue/>.
    expect(answer.has('additional-data', NS.sasl2)).toBe(false)
    expect(salt?.attr('iterations')).toBe('4096')
    expect(Buffer.from(salt?.text() ?? '', 'base64').length).toBe(16)
    expect(await hashes()).toEqual(['SHA-1', 'SHA-512'])
    for (const mechanism of ['SCRAM-SHA-512-PLUS', 'SCRAM-SHA-512', 'SCRAM-SHA-1', 'PLAIN']) {
      expect([mechanism, await logsIn(way, store, mechanism)]).toEqual([mechanism, 'success'])
      expect([mechanism, await logsIn(way, store, mechanism, 'wrong')]).toEqual([mechanism, 'not-authorized'])
    }
    // Nobody is asked for what is there.
    expect((await upgrade(await scene.visit())).answer.name).toBe('success')
    expect((await upgrade(await scene.visit())).asked).toBeUndefined()
    expect(scene.errors()).toEqual([])
  })

  test('comes with PLAIN, too, and nothing is asked of who does not ask', async () => {
    const { scene, hashes } = await place(way)
    await using _ = scene
    for (const wishes of [[], ['SHA-256'], ['MD5'], ['SHA-1'], ['SHA-512-PLUS']]) {
      expect((await upgrade(await scene.visit(), { wishes, mechanism: 'PLAIN' })).answer.name).toBe('success')
    }
    expect(await hashes()).toEqual(['SHA-1'])
    expect((await upgrade(await scene.visit(), { mechanism: 'PLAIN' })).answer.name).toBe('success')
    expect(await hashes()).toEqual(['SHA-1', 'SHA-512'])
  })

  test('replaces one with fewer iterations', async () => {
    const { scene, store } = await place(way, {
      accounts: { hashes: ['SHA-1'], upgrades: ['SHA-512'], iterations: 5000 },
    })
    await using _ = scene
    const stored = await store.get(juliet)
    const weak = await hasher.derive(password, { hash: 'SHA-1', iterations: 4096 })
    await store.setCredentials(juliet, { scram: [weak] })
    const { answer, asked } = await upgrade(await scene.visit(), { wishes: ['SHA-1'], hash: 'SHA-1' })
    expect([asked, answer.name]).toEqual(['UPGR-SCRAM-SHA-1', 'success'])
    expect((await store.get(juliet))?.scram.map(({ iterations }) => iterations)).toEqual([5000])
    expect(stored?.scram[0]?.iterations).toBe(5000)
  })

  test.each<[string, (salt: RawElement) => string]>([
    ['nothing', () => ''],
    ['an empty hash', () => `<hash xmlns='${scramNs}'/>`],
    ['what is not base64', () => `<hash xmlns='${scramNs}'>%%</hash>`],
    ['one of another length', () => `<hash xmlns='${scramNs}'>${encodeBase64(Buffer.alloc(32))}</hash>`],
    ['two', () => `<hash xmlns='${scramNs}'>${encodeBase64(Buffer.alloc(64))}</hash>`.repeat(2)],
    ['the salt again', (salt) => `<salt xmlns='${scramNs}'>${salt.text()}</salt>`],
  ])('fails the login, and changes nothing, with %s', async (_what, answer) => {
    const { scene, hashes } = await place(way)
    await using _ = scene
    const visitor = await scene.visit()
    const result = await upgrade(visitor, { answer })
    expect(condition(result)).toBe('malformed-request')
    expect(await hashes()).toEqual(['SHA-1'])
    visitor.client.send('<presence/>')
    await visitor.client.expect(
      `<error xmlns='${NS.streams}'><not-authorized xmlns='${NS.streamErrors}'/></error>`,
    )
  })

  test('SEC-9: is not set by a login that failed, nor without its task', async () => {
    const { scene, hashes } = await place(way)
    await using _ = scene
    expect(condition(await upgrade(await scene.visit(), { secret: 'wrong' }))).toBe('not-authorized')
    const visitor = await scene.visit()
    const data = `<task-data xmlns='${NS.sasl2}'><hash xmlns='${scramNs}'>${encodeBase64(Buffer.alloc(64))}</hash></task-data>`
    for (const early of [data, `<next xmlns='${NS.sasl2}' task='UPGR-SCRAM-SHA-512'/>`]) {
      visitor.client.send(early)
      expect((await visitor.client.receive()).name).toBe('failure')
    }
    expect(await hashes()).toEqual(['SHA-1'])
  })

  test('SEC-32: is not set by who has a token or a certificate: they are no way to a password', async () => {
    const issuer = await createIssuer()
    const { scene, hashes } = await place(way, { services: [issuer.service] })
    await using _ = scene
    const identity = authority.issue([juliet.toString()])
    const token = await issuer.sign(claims({ sub: 'juliet' }))
    for (const [mechanism, secret] of [
      ['EXTERNAL', ''],
      ['OAUTHBEARER', token],
    ] as const) {
      const { answer } = await upgrade(await scene.visit({ identity }), { mechanism, secret })
      expect([mechanism, answer.name]).toEqual([mechanism, 'success'])
    }
    const fast = 'HT-SHA-256-EXPR'
    const visitor = await scene.visit()
    const plain = mechanismOf('PLAIN', { username: 'juliet' }, visitor.bindings)
    const more = `<user-agent id='${phone}'/><request-token xmlns='urn:xmpp:fast:0' mechanism='${fast}'/>`
    const { answer } = await login(visitor, { profile: 'SASL2', mechanism: plain, more })
    const known = answer.child('token', 'urn:xmpp:fast:0')?.attr('token') ?? ''
    const again = await scene.visit()
    const use = { username: 'juliet', token: known, client: phone, mechanism: fast, more: wish('SHA-512') }
    expect((await login(again, withToken(use, again.bindings))).word).toBe('success')
    expect(await hashes()).toEqual(['SHA-1'])
  })

  test('A-20: does not undo a new password that came meanwhile', async () => {
    const { scene, store, hashes } = await place(way)
    await using _ = scene
    const accounts = scene.server.host().get(AccountsService)
    const result = await upgrade(await scene.visit(), {
      async answer(salt) {
        await accounts.changePassword(juliet, 'another one')
        const parameters = {
          hash: 'SHA-512' as const,
          salt: Buffer.from(salt.text(), 'base64'),
          iterations: 4096,
        }
        return `<hash xmlns='${scramNs}'>${encodeBase64(await hasher.saltedPassword(password, parameters))}</hash>`
      },
    })
    expect(condition(result)).toBe('temporary-auth-failure')
    expect(await hashes()).toEqual(['SHA-1', 'SHA-512'])
    for (const mechanism of ['SCRAM-SHA-512', 'SCRAM-SHA-1']) {
      expect(await logsIn(way, store, mechanism)).toBe('not-authorized')
      expect(await logsIn(way, store, mechanism, 'another one')).toBe('success')
    }
  })

  test('SEC-33: nothing of it reaches the log', async () => {
    const { scene } = await place(way)
    await using _ = scene
    const { said, salt } = await upgrade(await scene.visit())
    const hash = />([^<]+)</.exec(said[0] ?? '')?.[1] ?? ''
    expect(hash.length).toBe(88)
    for (const secret of [hash, salt?.text() ?? '-', password])
      expect(scene.log.join('\n')).not.toContain(secret)
    expect(scene.log.join('\n')).toContain('logged in')
  })
})
