import {
  type AccountsDeps,
  accountData,
  createAccounts,
  createExternalAccounts,
  createMemoryAccountStore,
  offerUserData,
  removeUser,
  type UserDataPart,
} from '@xmppkit/auth'
import { createHooks } from '@xmppkit/hooks'
import { type BareJid, parseJid } from '@xmppkit/jid'
import { createCountingIds, createManualClock, type Logger } from '@xmppkit/runtime'
import { Element } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import type { ImportOptions, ImportReport } from './import-data.js'
import { createPersonalData, type PersonalDataOptions } from './personal-data.js'

const ns = 'urn:example:notes'
const juliet = parseJid('juliet@example.org').bare

/** A host with accounts and a feature that keeps notes of them. */
function rig({ external = false, options = {} as PersonalDataOptions } = {}) {
  const told: string[] = []
  const logged: unknown[] = []
  const logger: Logger = {
    debug() {},
    info() {},
    warn: (_, fields) => void logged.push(fields?.cause),
    error: (message) => void told.push(message),
    child: () => logger,
  }
  const hooks = createHooks({ onError: (error) => told.push(`error ${error}`) })
  hooks.on(removeUser, ({ account }) => void told.push(`remove ${account}`))
  const store = createMemoryAccountStore()
  const domains = new Set(['example.org', 'example.net'])
  const deps: AccountsDeps = {
    store,
    hooks,
    clock: createManualClock(0),
    ids: createCountingIds('id'),
    domains,
  }
  const accounts = external
    ? createExternalAccounts({ passwords: { verifyPassword: () => true } })
    : createAccounts(deps, { iterations: 4096, hashes: ['SHA-1'] })
  if (!external) offerUserData(hooks, accountData(deps))
  const notes = new Map<string, string[]>()
  const of = (account: BareJid) => notes.get(account.toString()) ?? []
  const failing = { remove: false }
  const part: UserDataPart = {
    name: 'notes',
    bulky: true,
    async *export(account) {
      for (const text of of(account))
        yield { element: new Element('note', { xmlns: ns }).t(text), within: { name: 'notes', ns } }
    },
    reads: [
      { name: 'notes', ns, each: true },
      { name: 'whole', ns },
    ],
    import(account, element) {
      if (element.text() === 'bad') throw new Error('bad note')
      notes.set(account.toString(), [...of(account), element.text()])
    },
    async remove(account, limit) {
      if (failing.remove) throw new Error('down')
      const gone = of(account).slice(0, limit)
      const left = of(account).slice(gone.length)
      if (left.length > 0) notes.set(account.toString(), left)
      else notes.delete(account.toString())
      return gone.length
    },
    accounts: async (domain, { after = '', limit }) =>
      [...notes.keys()]
        .filter((key) => key.endsWith(`@${domain}`) && key > after)
        .sort()
        .slice(0, limit),
  }
  offerUserData(hooks, part)
  const personalData = createPersonalData(
    {
      accounts,
      hooks,
      host: { removeDomain: async (domain) => void domains.delete(domain) },
      domains,
      ids: createCountingIds('pw'),
      logger,
    },
    options,
  )
  async function exported(domain: string): Promise<string> {
    let text = ''
    const sink = {
      write(more: string) {
        text += more
      },
    }
    for await (const _ of personalData.exportDomain(domain, sink));
    return text
  }
  async function imported(
    text: string | Uint8Array,
    given: ImportOptions = {},
    size = 7,
  ): Promise<ImportReport> {
    async function* chunks() {
      for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size)
    }
    const importing = personalData.import(chunks(), given)
    for (;;) {
      const { done, value } = await importing.next()
      if (done) return value
    }
  }
  return { personalData, accounts, store, hooks, told, logged, notes, failing, domains, exported, imported }
}

const document = (users: string, host = 'example.org') =>
  `<?xml version='1.0'?><server-data xmlns='urn:xmpp:pie:0'><host jid='${host}'>${users}</host></server-data>`
const unreadable = expect.objectContaining({ code: 'personal-data/unreadable' })

describe('an import', () => {
  test('E-17: is read in any chunks, whatever its prefixes, with passwords hashed and unknown things listed', async () => {
    const { imported, accounts, notes } = rig()
    const text = `<p:server-data xmlns:p='urn:xmpp:pie:0' xmlns:n='${ns}' xmlns:u='urn:unknown'><p:host jid='EXAMPLE.org'>
      <u:config><u:deep/></u:config>
      <p:user name='Juliet' password='r0m30'>
        <n:notes><n:note>one &amp; <![CDATA[<two>]]></n:note><n:note>ü</n:note></n:notes>
        <u:thing><n:note>not mine</n:note></u:thing><n:whole>three</n:whole>
      </p:user><p:user name='nurse'/></p:host></p:server-data>`
    expect(await imported(Buffer.from(text), {}, 1)).toEqual({
      users: 2,
      skipped: 0,
      failed: 0,
      unknown: ['{urn:unknown}config', '{urn:unknown}thing'],
    })
    expect(notes.get('juliet@example.org')).toEqual(['one & <two>', 'ü', 'three'])
    expect(await accounts.verifyPassword(juliet, 'r0m30')).toBe(true)
    expect(await accounts.exists(parseJid('nurse@example.org').bare)).toBe(true)
  })

  test('E-17: leaves alone who exists, domains that are not served or not meant, and names nobody can have', async () => {
    const { imported, accounts, notes } = rig()
    await accounts.register(juliet, 'mine')
    const user = (name: string) =>
      `<user name='${name}' password='x'><notes xmlns='${ns}'><note>n</note></notes></user>`
    expect(await imported(document(user('juliet') + user('a b')))).toMatchObject({ users: 0, skipped: 2 })
    expect(await imported(document(user('romeo'), 'other.example'))).toMatchObject({ users: 0, skipped: 1 })
    expect(await imported(document(user('romeo')), { domain: 'example.net' })).toMatchObject({
      users: 0,
      skipped: 1,
    })
    expect(notes.size).toBe(0)
    expect(await accounts.verifyPassword(juliet, 'mine')).toBe(true)
    expect(await imported(document(user('juliet')), { existing: 'merge' })).toMatchObject({
      users: 1,
      failed: 0,
    })
    expect(notes.get('juliet@example.org')).toEqual(['n'])
    expect(await accounts.verifyPassword(juliet, 'mine')).toBe(true)
  })

  test('E-17: a piece that cannot be read is left out and told of, the others are taken', async () => {
    const { imported, notes, logged, store } = rig()
    const credentials = (mechanism: string, iterations: string) =>
      `<scram-credentials xmlns='urn:xmpp:pie:0#scram' mechanism='${mechanism}'><iter-count>${iterations}</iter-count></scram-credentials>`
    const report = await imported(
      document(`<user name='juliet'><notes xmlns='${ns}'><note>bad</note><note>good</note></notes>
        ${credentials('SCRAM-MD5', '4096')}${credentials('SCRAM-SHA-1', '99999999999')}</user>`),
    )
    expect(report).toMatchObject({ users: 1, failed: 3 })
    expect(logged).toHaveLength(3)
    expect(notes.get('juliet@example.org')).toEqual(['good'])
    // Nobody knows its password, and it can be given another one.
    expect((await store.get(juliet))?.scram).toHaveLength(1)
  })

  test.each([
    ['another document', '<html/>'],
    ['what is not XML', 'hello'],
    ['a document that ends too early', document('').slice(0, -5)],
    ['a document type', `<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>${document('')}`],
    [
      'an entity nobody declared',
      document(`<user name='j'><notes xmlns='${ns}'><note>&x;</note></notes></user>`),
    ],
    ['a host without a name', "<server-data xmlns='urn:xmpp:pie:0'><host/></server-data>"],
    ['deep nesting', document(`<user name='j'>${'<a>'.repeat(100)}`)],
    [
      'a long text',
      document(`<user name='j'><notes xmlns='${ns}'><note>${'x'.repeat(3000)}</note></notes></user>`),
    ],
    [
      'a large piece of many',
      document(`<user name='j'><whole xmlns='${ns}'>${'<a/>'.repeat(3000)}</whole></user>`),
    ],
    ['half a character', Buffer.concat([Buffer.from(document('').slice(0, 40)), Buffer.from([0xc3, 0x28])])],
  ])('E-17: %s is refused, whatever comes in which chunks', async (_, text) => {
    for (const size of [1, 1000, 1_000_000]) {
      const { imported } = rig({ options: { maxElementLength: 1000 } })
      const reading = imported(text, {}, size)
      if (typeof text === 'string') await expect(reading).rejects.toEqual(unreadable)
      else await expect(reading).rejects.toThrow()
    }
  })

  test('E-17: an attribute without end does not fill the memory', async () => {
    const { imported } = rig({ options: { maxElementLength: 1000 } })
    await expect(imported(document(`<user name='${'x'.repeat(3000)}'/>`), {}, 100)).rejects.toEqual(
      unreadable,
    )
  })

  test('E-17: a file of one host, as some servers write, is read too', async () => {
    const { imported, notes } = rig()
    const text = `<host xmlns='urn:xmpp:pie:0' jid='example.org'><user name='juliet' password='x'><notes xmlns='${ns}'><note>n</note></notes></user></host>`
    expect(await imported(text)).toMatchObject({ users: 1, failed: 0 })
    expect(notes.get('juliet@example.org')).toEqual(['n'])
  })

  test('E-17: XInclude is not followed', async () => {
    const { imported } = rig()
    const include = "<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='file:///etc/passwd'/>"
    expect(await imported(document(include))).toMatchObject({
      unknown: ['{http://www.w3.org/2001/XInclude}include'],
    })
  })
})

describe('an export', () => {
  test('E-17: waits for its sink and holds one piece at a time', async () => {
    const { personalData, accounts, notes } = rig()
    await accounts.register(juliet, 'x')
    notes.set(
      'juliet@example.org',
      Array.from({ length: 1000 }, (_, n) => String(n)),
    )
    let written = 0
    let pending = 0
    const sink = {
      async write(text: string) {
        pending += 1
        expect(pending).toBe(1)
        await Promise.resolve()
        pending -= 1
        written += text.length
      },
    }
    let pieces = 0
    let largest = 0
    for await (const _ of personalData.exportUser(juliet, sink)) {
      pieces += 1
      largest = Math.max(largest, written)
      written = 0
    }
    expect(pieces).toBe(1002)
    expect(largest).toBeLessThan(400)
  })

  test('E-17: of users somebody else keeps are those something is kept for', async () => {
    const { exported, notes } = rig({ external: true })
    for (let n = 0; n < 250; n += 1) notes.set(`user${n}@example.org`, ['x'])
    notes.set('other@example.net', ['y'])
    const text = await exported('example.org')
    expect(text.match(/<user /g)).toHaveLength(250)
    expect(text).not.toContain('other')
  })

  test('E-17: what people wrote stays text', async () => {
    const { exported, imported, notes } = rig({ external: true })
    const awkward = ['<x>&amp;</notes>', ']]>', '\u{1F469}', ' a\tb ']
    notes.set('juliet@example.org', awkward)
    const text = await exported('example.org')
    notes.clear()
    await imported(text, { existing: 'merge' })
    expect(notes.get('juliet@example.org')).toEqual(awkward)
  })
})

describe('erasing', () => {
  test('E-17: goes in steps, with the account last; nobody can log in meanwhile', async () => {
    const { personalData, accounts, notes, store, told } = rig()
    await accounts.register(juliet, 'x')
    notes.set('juliet@example.org', ['1', '2', '3'])
    expect(await personalData.eraseUser(juliet, 2)).toEqual({ count: 2, finished: false })
    expect((await store.get(juliet))?.disabled).toBe('the account is being erased')
    expect(told).toEqual([])
    expect(await personalData.eraseUser(juliet, 2)).toEqual({ count: 2, finished: true })
    expect(await accounts.exists(juliet)).toBe(false)
    expect(notes.size).toBe(0)
    expect(told).toContain('remove juliet@example.org')
  })

  test('E-17: a store that fails is told of, and nothing counts as erased; again it goes on', async () => {
    const { personalData, accounts, notes, failing } = rig()
    await accounts.register(juliet, 'x')
    notes.set('juliet@example.org', ['1'])
    failing.remove = true
    await expect(personalData.eraseUser(juliet)).rejects.toThrow('down')
    await expect(personalData.eraseDomain('example.org')).rejects.toThrow('down')
    expect(await accounts.exists(juliet)).toBe(true)
    failing.remove = false
    expect(await personalData.eraseDomain('example.org')).toEqual({ count: 2, finished: true })
    expect(await accounts.exists(juliet)).toBe(false)
  })

  test('E-17: a domain goes with accounts that are not ours and what is left of others, and no other domain', async () => {
    for (const external of [true, false]) {
      const { personalData, notes, domains, told } = rig({ external })
      for (let n = 0; n < 250; n += 1) notes.set(`user${n}@example.org`, ['a', 'b'])
      notes.set('juliet@example.net', ['c'])
      let total = 0
      for (let finished = false; !finished; ) {
        const step = await personalData.eraseDomain('example.org', 33)
        expect(step.count).toBeLessThanOrEqual(34)
        total += step.count
        finished = step.finished
      }
      expect(total).toBe(750)
      expect([...notes.keys()]).toEqual(['juliet@example.net'])
      expect([...domains]).toEqual(['example.net'])
      expect(told.filter((line) => line.startsWith('remove'))).toHaveLength(250)
    }
  })

  test('E-17: what cannot be removed does not keep it busy for ever', async () => {
    const { personalData, hooks } = rig()
    offerUserData(hooks, {
      name: 'stubborn',
      remove: async () => 0,
      accounts: async () => ['juliet@example.org'],
    })
    await expect(personalData.eraseDomain('example.org')).rejects.toMatchObject({
      code: 'personal-data/not-erased',
    })
  })
})
