import { ExternalAccountsService } from '@xmppkit/auth/module'
import { makeJid } from '@xmppkit/jid'
import { createLdapAccounts, type LdapOptions } from '@xmppkit/ldap'
import { createJsonLogger, systemClock } from '@xmppkit/runtime'
import { createServer } from '@xmppkit/server'
import { createDevelopmentCertificate } from '@xmppkit/tcp'
import { createPipe, createWireClient } from '@xmppkit/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Directory, finder, people, person, startDirectory, suffix } from './slapd.js'

const domain = 'capulet.test'
const named = (local: string, at = domain) => makeJid({ local, domain: at }).bare

let directory: Directory
beforeAll(async () => {
  directory = await startDirectory(
    [
      person('juliet', 'r0m30', 'mail: juliet@capulet.test\n'),
      person('romeo', 'jul13t', 'mail: romeo@montague.test\n'),
      person('locked', undefined),
      person('a,b', 'comma'),
      person('star*', 'star'),
      person(
        'twin',
        'one',
        `\ndn: uid=twin,ou=people2,${suffix}\nobjectClass: inetOrgPerson\nuid: twin\ncn: x\nsn: x\nuserPassword: two\n`,
      )
        // Its parent comes first.
        .replace(
          `\ndn: uid=twin,ou=people2`,
          `\ndn: ou=people2,${suffix}\nobjectClass: organizationalUnit\nou: people2\n\ndn: uid=twin,ou=people2`,
        ),
    ].join('\n'),
  )
})
afterAll(() => directory[Symbol.asyncDispose]())

const bySearch = (): LdapOptions => ({ url: directory.url, ca: directory.ca, base: people, ...finder })
const byName = (): LdapOptions => ({
  url: directory.url,
  ca: directory.ca,
  userDn: `uid={local},${people}`,
  ...finder,
})
const open = (options: LdapOptions) => createLdapAccounts({ clock: systemClock }, options)

describe.each([
  ['by a search', bySearch],
  ['by the name of their entries', byName],
])('people found %s', (_what, options) => {
  test('log in with their own password and no other', async () => {
    await using ldap = open(options())
    const tries = [
      ['juliet', 'r0m30', true],
      ['juliet', 'R0m30', false],
      ['juliet', 'jul13t', false],
      ['romeo', 'jul13t', true],
      ['nobody', 'r0m30', false],
      ['locked', 'anything', false],
      ['a,b', 'comma', true],
      ['star*', 'star', true],
    ] as const
    for (const [name, password, right] of tries) {
      expect([name, await ldap.passwords.verifyPassword(named(name), password)]).toEqual([name, right])
    }
  })

  test('SEC-9: not without a password, though the directory lets anybody bind so', async () => {
    await using ldap = open(options())
    for (const name of ['juliet', 'locked', 'nobody']) {
      expect(await ldap.passwords.verifyPassword(named(name), '')).toBe(false)
    }
  })

  test('SEC-9: nor by a name that is a filter or a place', async () => {
    await using ldap = open(options())
    const names = [
      '*',
      'jul*',
      'juliet)(uid=*',
      '*)(|(uid=*',
      'juliet,ou=people',
      'juliet+cn=juliet',
      'x)(userpassword=*',
      'star\\2a',
      'juliet\\00',
      'a\\,b',
      '{local}',
    ]
    for (const name of names) {
      for (const password of ['r0m30', 'star', 'comma', '*']) {
        expect([name, await ldap.passwords.verifyPassword(named(name), password)]).toEqual([name, false])
      }
      expect([name, await ldap.exists?.(named(name))]).toEqual([name, false])
    }
  })

  test('are known to exist or not', async () => {
    await using ldap = open(options())
    for (const [name, there] of [
      ['juliet', true],
      ['locked', true],
      ['nobody', false],
    ] as const) {
      expect([name, await ldap.exists?.(named(name))]).toEqual([name, there])
    }
  })

  test('are found again after the directory was restarted under idle connections', async () => {
    await using ldap = open(options())
    expect(await ldap.passwords.verifyPassword(named('juliet'), 'r0m30')).toBe(true)
    await directory.restart()
    expect(await ldap.passwords.verifyPassword(named('juliet'), 'r0m30')).toBe(true)
    expect(await ldap.exists?.(named('juliet'))).toBe(true)
  })

  test('many at once over few connections are not mixed up', async () => {
    await using ldap = open({ ...options(), maxConnections: 3 })
    const asked = Array.from({ length: 60 }, (_, n) => {
      const [name, password] = n % 2 === 0 ? (['juliet', 'r0m30'] as const) : (['romeo', 'jul13t'] as const)
      return ldap.passwords.verifyPassword(named(name), n % 3 === 0 ? 'wrong' : password)
    })
    const answers = await Promise.all(asked)
    expect(answers).toEqual(answers.map((_, n) => n % 3 !== 0))
  })
})

describe('the search', () => {
  test('takes an entry only by the very name of the account', async () => {
    // A filter that finds more than it should.
    await using ldap = open({ ...bySearch(), filter: '(|(uid={local})(uid=juliet))' })
    expect(await ldap.passwords.verifyPassword(named('nobody'), 'r0m30')).toBe(false)
    expect(await ldap.passwords.verifyPassword(named('juliet'), 'r0m30')).toBe(true)
  })

  test('may go by whole addresses, which tell domains apart', async () => {
    await using ldap = open({ ...bySearch(), accountAttribute: 'mail', filter: '(mail={local}@{domain})' })
    expect(await ldap.passwords.verifyPassword(named('juliet'), 'r0m30')).toBe(true)
    expect(await ldap.passwords.verifyPassword(named('romeo'), 'jul13t')).toBe(false)
    expect(await ldap.passwords.verifyPassword(named('romeo', 'montague.test'), 'jul13t')).toBe(true)
  })

  test('lets nobody in where several entries have one name', async () => {
    await using ldap = open({ ...bySearch(), base: suffix })
    for (const password of ['one', 'two', 'three']) {
      await expect(ldap.passwords.verifyPassword(named('twin'), password)).rejects.toMatchObject({
        code: 'ldap/ambiguous',
      })
    }
  })

  test('A-3: a finder who is refused is an outage, and nobody’s wrong password', async () => {
    await using ldap = open({ ...bySearch(), bindPassword: 'wrong' })
    await expect(ldap.passwords.verifyPassword(named('juliet'), 'r0m30')).rejects.toMatchObject({
      code: 'ldap/unavailable',
    })
    // Nobody in particular finds nobody here.
    const { bindDn: _, bindPassword: __, ...anonymous } = bySearch()
    await using blind = open(anonymous)
    expect(await blind.passwords.verifyPassword(named('juliet'), 'r0m30')).toBe(false)
  })

  test('by a name alone needs nobody to find it, and then cannot say who exists', async () => {
    const { bindDn: _, bindPassword: __, ...alone } = byName()
    await using ldap = open(alone)
    expect(await ldap.passwords.verifyPassword(named('juliet'), 'r0m30')).toBe(true)
    expect(await ldap.passwords.verifyPassword(named('juliet'), 'wrong')).toBe(false)
    expect(ldap.exists).toBeUndefined()
  })
})

describe('SEC-7: the way to the directory', () => {
  test.each([
    ['STARTTLS', () => ({ url: directory.url })],
    ['TLS', () => ({ url: directory.tlsUrl })],
    ['TLS by name', () => ({ url: directory.tlsUrl.replace('127.0.0.1', 'localhost') })],
    ['nothing, on this machine', () => ({ url: directory.url, startTls: false })],
  ])('is secured with %s', async (_what, where) => {
    await using ldap = open({ ...bySearch(), ...where() })
    expect(await ldap.passwords.verifyPassword(named('juliet'), 'r0m30')).toBe(true)
  })

  test('SEC-11: a certificate nobody vouches for, or of another name, is refused before anything is said', async () => {
    const stranger = await createDevelopmentCertificate({ domains: ['elsewhere.test'], now: Date.now() })
    for (const url of [directory.url, directory.tlsUrl]) {
      await using ldap = open({ ...bySearch(), url, ca: stranger.cert })
      await expect(ldap.passwords.verifyPassword(named('juliet'), 'r0m30')).rejects.toMatchObject({
        code: 'ldap/unavailable',
      })
      const { ca: _, ...trusting } = bySearch()
      await using unset = open({ ...trusting, url })
      await expect(unset.passwords.verifyPassword(named('juliet'), 'r0m30')).rejects.toMatchObject({
        code: 'ldap/unavailable',
      })
    }
  })

  test('A-3: a directory that hangs is an outage after a while, and asked again when it is back', async () => {
    for (const url of [directory.url, directory.tlsUrl]) {
      await using ldap = open({ ...bySearch(), url, timeoutMs: 5_000 })
      expect(await ldap.passwords.verifyPassword(named('juliet'), 'r0m30')).toBe(true)
      directory.pause()
      await expect(ldap.passwords.verifyPassword(named('juliet'), 'r0m30')).rejects.toMatchObject({
        code: 'ldap/unavailable',
      })
      directory.resume()
      await using patient = open({ ...bySearch(), url })
      expect(await patient.passwords.verifyPassword(named('juliet'), 'r0m30')).toBe(true)
    }
  })
})

describe('a server whose users are in a directory', () => {
  const log: string[] = []
  const start = (ldap: LdapOptions) =>
    createServer(
      { domains: [domain], ldap },
      { logger: createJsonLogger((line) => log.push(line), { level: 'debug' }) },
    )
  const connect = (server: Awaited<ReturnType<typeof start>>) => {
    const { client, server: end } = createPipe()
    end.attach(server.accept(end))
    return createWireClient({ transport: client }, { domain })
  }
  const outcome = async (server: Awaited<ReturnType<typeof start>>, username: string, password: string) => {
    const client = connect(server)
    try {
      return (await client.login({ username, password, resource: 'r' })).toString()
    } catch (error) {
      return /<(not-authorized|temporary-auth-failure|invalid-mechanism)/.exec(String(error))?.[1]
    } finally {
      client.cut()
    }
  }

  test('lets them in, and nobody else', async () => {
    const server = await start(bySearch())
    try {
      expect(await outcome(server, 'juliet', 'r0m30')).toBe('juliet@capulet.test/r')
      expect(await outcome(server, 'juliet', 'wrong')).toBe('not-authorized')
      expect(await outcome(server, 'nobody', 'r0m30')).toBe('not-authorized')
      expect(await outcome(server, '*', 'r0m30')).toBe('not-authorized')
      const features = await connect(server).secure()
      expect(features.child('mechanisms', 'urn:ietf:params:xml:ns:xmpp-sasl')?.childAt(0).text()).toBe(
        'PLAIN',
      )
      expect(server.host().get(ExternalAccountsService).passwords).toBeDefined()
    } finally {
      await server.close()
    }
  })

  test('A-3 SEC-33: says that it cannot say when the directory is away, and logs why but no password', async () => {
    const server = await start(bySearch())
    try {
      await directory.stop()
      log.length = 0
      expect(await outcome(server, 'juliet', 'r0m30')).toBe('temporary-auth-failure')
      const text = log.join('\n')
      expect(text).toContain('the directory did not answer')
      expect(text).not.toMatch(/r0m30|s3cret/)
      await directory.restart()
      expect(await outcome(server, 'juliet', 'r0m30')).toBe('juliet@capulet.test/r')
    } finally {
      await server.close()
    }
  })
})
