import { createHooks, drop, type Hooks, stop } from '@xmppkit/hooks'
import { type BareJid, type FullJid, parseJid } from '@xmppkit/jid'
import { createCountingIds, createManualClock } from '@xmppkit/runtime'
import { describe, expect, test } from 'vitest'
import { type Accounts, type AccountsDeps, createAccounts } from './accounts.js'
import { createMemoryAccountStore } from './memory-store.js'
import type { AccountStore, StoredAccount } from './ports.js'
import { accountDisabled, checkRegisterUser, passwordChanged, registerUser, removeUser } from './tokens.js'

const jid = (text: string): BareJid => parseJid(text) as BareJid
const juliet = jid('juliet@example.org')
const failing = (code: string) => expect.objectContaining({ code })

interface Rig {
  accounts: Accounts
  store: AccountStore
  hooks: Hooks
  events: string[]
}

function rig(deps: Partial<AccountsDeps> = {}): Rig {
  const events: string[] = []
  const hooks = createHooks({ onError: (error) => events.push(`error ${error}`) })
  hooks.on(registerUser, ({ account, id }) => void events.push(`register ${account} ${id}`))
  hooks.on(removeUser, ({ account, id }) => void events.push(`remove ${account} ${id}`))
  hooks.on(passwordChanged, ({ account, by }) => void events.push(`password ${account} ${by}`))
  hooks.on(accountDisabled, ({ account, reason }) => void events.push(`disabled ${account} ${reason}`))
  const store = deps.store ?? createMemoryAccountStore()
  const clock = createManualClock(1_700_000_000_000)
  const accounts = createAccounts(
    { store, hooks, clock, ids: createCountingIds('id'), ...deps },
    { iterations: 4096 },
  )
  return { accounts, store, hooks, events }
}

describe('registration', () => {
  test('A-14: stores verifiers of every hash with salts of their own, and nothing a password could be read from', async () => {
    const { accounts, store, events } = rig()
    await accounts.register(juliet, 'r0m30myr0m30')
    const stored = (await store.get(juliet)) as StoredAccount
    expect(stored).toMatchObject({ id: 'id1', createdAt: 1_700_000_000_000 })
    expect(stored.scram.map(({ hash, iterations, salt }) => [hash, iterations, salt.byteLength])).toEqual([
      ['SHA-256', 4096, 16],
      ['SHA-512', 4096, 16],
      ['SHA-1', 4096, 16],
    ])
    expect(new Set(stored.scram.map(({ salt }) => Buffer.from(salt).toString('hex'))).size).toBe(3)
    expect(JSON.stringify(stored)).not.toContain('r0m30')
    expect(Object.keys(stored).sort()).toEqual(['createdAt', 'id', 'scram'])
    expect(events).toEqual(['register juliet@example.org id1'])
  })

  test.each([
    ['an empty password', ''],
    ['a password that is empty once prepared', '\u00ad'],
    ['a password with a control character', 'hunter2\u0000'],
    ['a password with a lone surrogate', 'hunter2\ud800'],
    ['a password longer than 1024 bytes', 'é'.repeat(513)],
  ])('refuses %s, without quoting it', async (_what, password) => {
    const { accounts, events } = rig()
    await expect(accounts.register(juliet, password)).rejects.toThrow(failing('auth/invalid-password'))
    await expect(accounts.register(juliet, password)).rejects.toThrow(expect.not.stringContaining('hunter2'))
    expect(events).toEqual([])
  })

  test.each(['example.org', 'juliet@elsewhere.example'])(
    'refuses %s, which is no account of ours',
    async (name) => {
      const { accounts } = rig({ domains: { has: (domain) => domain === 'example.org' } })
      await expect(accounts.register(jid(name), 'pencil')).rejects.toThrow(failing('auth/invalid-account'))
    },
  )

  test('one of several for the same name succeeds', async () => {
    const { accounts, events } = rig()
    const results = await Promise.allSettled([1, 2, 3].map((n) => accounts.register(juliet, `password ${n}`)))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'auth/exists' })
    }
    expect(events).toHaveLength(1)
    expect(await accounts.count('example.org')).toBe(1)
  })

  test('J-6: a hook may refuse it, silently or with words, knowing who asks', async () => {
    const { accounts, hooks, events } = rig()
    const seen: unknown[] = []
    hooks.on(checkRegisterUser, (allowed, registration) => {
      seen.push(registration)
      // \u043e is a Cyrillic letter that looks like an o.
      if (registration.account.local.replaceAll('\u043e', 'o') === 'root') return stop(false)
      if (registration.account.local === 'admin') return drop
      if (registration.account.local === 'broken') throw new Error('no answer')
      return allowed
    })
    await accounts.register(juliet, 'pencil', { remoteAddress: '192.0.2.1' })
    expect(seen).toEqual([{ account: juliet, password: 'pencil', remoteAddress: '192.0.2.1' }])
    await expect(accounts.register(jid('root@example.org'), 'pencil')).rejects.toThrow(
      failing('auth/refused'),
    )
    await expect(accounts.register(jid('r\u043e\u043et@example.org'), 'pencil')).rejects.toThrow(
      failing('auth/refused'),
    )
    await expect(accounts.register(jid('admin@example.org'), 'pencil')).rejects.toThrow(
      failing('auth/refused'),
    )
    await expect(accounts.register(jid('broken@example.org'), 'pencil')).rejects.toThrow('no answer')
    expect(events).toHaveLength(1)
    expect(await accounts.list('example.org', { limit: 10 })).toEqual(['juliet'])
  })
})

describe('checking passwords', () => {
  test.each([
    ['ASCII', 'r0m30 my=r0,m30', 'r0m30 my=r0,m30'],
    ['what SASLprep maps', 'I\u00adX\u00a0\u2168', 'IX IX'],
    ['composed and decomposed characters', 'Cafe\u0301', 'Caf\u00e9'],
    ['emoji, which SASLprep cannot carry', '🐎🔋', '🐎🔋'],
  ])('A-17: prepares alike at registration and later: %s', async (_what, typed, other) => {
    const { accounts } = rig()
    await accounts.register(juliet, typed)
    expect(await accounts.verifyPassword(juliet, typed)).toBe(true)
    expect(await accounts.verifyPassword(juliet, other)).toBe(true)
    expect(await accounts.verifyPassword(juliet, `${other}!`)).toBe(false)
    await accounts.changePassword(juliet, other)
    expect(await accounts.verifyPassword(juliet, typed)).toBe(true)
  })

  test('A-5: the same work is done for an account that does not exist', async () => {
    const work: string[] = []
    const { accounts: real, store } = rig()
    await real.register(juliet, 'pencil')
    const { accounts } = rig({
      store,
      hasher: {
        iterations: 4096,
        saltBytes: 16,
        derive: () => Promise.reject(new Error('not asked')),
        saltedPassword: () => Promise.reject(new Error('not asked')),
        matches: async (password, { hash, iterations, salt }) => {
          work.push(`${password} ${hash} ${iterations} ${salt.byteLength}`)
          return true
        },
      },
    })
    expect(await accounts.verifyPassword(juliet, 'pencil')).toBe(true)
    expect(await accounts.verifyPassword(jid('nobody@example.org'), 'pencil')).toBe(false)
    expect(work).toEqual(['pencil SHA-256 4096 16', 'pencil SHA-256 4096 16'])
  })

  test('A-5: what is shown for an unknown account depends on its domain and on the secret, and stays', () => {
    const secret = new Uint8Array(32).fill(7)
    const shown = (deps: Partial<AccountsDeps>, name: string): string => {
      const verifier = rig(deps).accounts.credentials.decoyVerifier?.(name, 'SHA-256')
      return `${Buffer.from(verifier?.salt ?? []).toString('hex')} ${verifier?.iterations}`
    }
    const first = shown({ decoySecret: secret }, 'nobody@example.org')
    expect(first).toMatch(/^[0-9a-f]{32} 4096$/)
    expect(shown({ decoySecret: secret }, 'nobody@example.org')).toBe(first)
    expect(shown({ decoySecret: secret }, 'nobody@example.net')).not.toBe(first)
    expect(shown({}, 'nobody@example.org')).not.toBe(first)
  })

  test('a store with one old verifier is enough', async () => {
    const { accounts: real, store } = rig()
    await real.register(juliet, 'pencil')
    const { scram } = (await store.get(juliet)) as StoredAccount
    await store.setCredentials(juliet, { scram: scram.filter(({ hash }) => hash === 'SHA-1') })
    expect(await real.verifyPassword(juliet, 'pencil')).toBe(true)
    expect(await real.scramVerifier(juliet, 'SHA-1')).toMatchObject({ hash: 'SHA-1' })
    expect(await real.scramVerifier(juliet, 'SHA-256')).toBeUndefined()
    await store.setCredentials(juliet, { scram: [] })
    expect(await real.verifyPassword(juliet, 'pencil')).toBe(false)
  })

  test('a password nobody can have is wrong, not an error', async () => {
    const { accounts } = rig()
    await accounts.register(juliet, 'pencil')
    for (const password of ['', '\u0000', 'x'.repeat(2000)]) {
      expect(await accounts.verifyPassword(juliet, password)).toBe(false)
    }
  })
})

describe('changing a password', () => {
  test('A-20: replaces every verifier and tells who asked, so that other sessions can end', async () => {
    const { accounts, store, events } = rig()
    await accounts.register(juliet, 'old')
    const before = (await store.get(juliet)) as StoredAccount
    await accounts.changePassword(juliet, 'new', parseJid('juliet@example.org/balcony') as FullJid)
    const after = (await store.get(juliet)) as StoredAccount
    expect([after.id, after.createdAt]).toEqual([before.id, before.createdAt])
    for (const verifier of before.scram) expect(after.scram).not.toContainEqual(verifier)
    expect(await accounts.verifyPassword(juliet, 'old')).toBe(false)
    expect(await accounts.verifyPassword(juliet, 'new')).toBe(true)
    expect(events.slice(1)).toEqual(['password juliet@example.org juliet@example.org/balcony'])
  })

  test('of an account that does not exist, or to one that cannot be, is refused', async () => {
    const { accounts, events } = rig()
    await expect(accounts.changePassword(juliet, 'new')).rejects.toThrow(failing('auth/unknown-account'))
    await accounts.register(juliet, 'old')
    await expect(accounts.changePassword(juliet, '')).rejects.toThrow(failing('auth/invalid-password'))
    expect(events).toHaveLength(1)
  })

  test('of an account that vanishes meanwhile is refused', async () => {
    const store = createMemoryAccountStore()
    const { accounts } = rig({ store: { ...store, setCredentials: async () => false } })
    await accounts.register(juliet, 'old')
    await expect(accounts.changePassword(juliet, 'new')).rejects.toThrow(failing('auth/unknown-account'))
  })
})

describe('removal', () => {
  test('SEC-25: a new account of the name has another id', async () => {
    const { accounts, events } = rig()
    await accounts.register(juliet, 'pencil')
    expect(await accounts.remove(juliet)).toBe(true)
    expect(await accounts.exists(juliet)).toBe(false)
    await accounts.register(juliet, 'pencil')
    expect(events).toEqual([
      'register juliet@example.org id1',
      'remove juliet@example.org id1',
      'register juliet@example.org id2',
    ])
  })

  test('SEC-25: until everything of the account is gone the name is neither there nor free', async () => {
    const { accounts, hooks, store } = rig()
    await accounts.register(juliet, 'pencil')
    let finish = (): void => {}
    const cleaning = new Promise<void>((resolve) => {
      hooks.on(removeUser, () => {
        resolve()
        return new Promise<void>((done) => {
          finish = done
        })
      })
    })
    const removal = accounts.remove(juliet)
    await cleaning
    expect(await accounts.exists(juliet)).toBe(false)
    expect(await accounts.get(juliet)).toBeUndefined()
    expect(await accounts.verifyPassword(juliet, 'pencil')).toBe(false)
    expect(await accounts.scramVerifier(juliet, 'SHA-256')).toBeUndefined()
    expect(await accounts.setDisabled(juliet, undefined)).toBe(false)
    expect(await accounts.credentials.admit?.(juliet)).toBe('not-authorized')
    await expect(accounts.changePassword(juliet, 'new')).rejects.toThrow(failing('auth/unknown-account'))
    await expect(accounts.register(juliet, 'pencil')).rejects.toThrow(failing('auth/exists'))
    // Were the process killed now, what is left could not be logged in to.
    expect((await store.get(juliet))?.disabled).toBe('the account is being removed')
    const again = accounts.remove(juliet)
    finish()
    expect(await Promise.all([removal, again])).toEqual([true, true])
    expect(await store.get(juliet)).toBeUndefined()
    await expect(accounts.register(juliet, 'pencil')).resolves.toBeUndefined()
  })

  test('of nobody does nothing, and a listener that fails does not stop it', async () => {
    const { accounts, hooks, events } = rig()
    expect(await accounts.remove(juliet)).toBe(false)
    expect(events).toEqual([])
    await accounts.register(juliet, 'pencil')
    hooks.on(removeUser, () => Promise.reject(new Error('disk full')))
    expect(await accounts.remove(juliet)).toBe(true)
    expect(events).toContain('error Error: disk full')
    expect(await accounts.exists(juliet)).toBe(false)
  })

  test('that fails can be tried again', async () => {
    const store = createMemoryAccountStore()
    let works = false
    const { accounts } = rig({
      store: {
        ...store,
        remove: (account) => (works ? store.remove(account) : Promise.reject(new Error('down'))),
      },
    })
    await accounts.register(juliet, 'pencil')
    await expect(accounts.remove(juliet)).rejects.toThrow('down')
    works = true
    expect(await accounts.remove(juliet)).toBe(true)
  })
})

test('A-20: a disabled account keeps its password, is not admitted, and can be enabled again', async () => {
  const { accounts, events } = rig()
  await accounts.register(juliet, 'pencil')
  expect(await accounts.credentials.admit?.(juliet)).toBeUndefined()
  expect(await accounts.setDisabled(juliet, 'spam')).toBe(true)
  expect(await accounts.get(juliet)).toEqual({ id: 'id1', createdAt: 1_700_000_000_000, disabled: 'spam' })
  expect(await accounts.verifyPassword(juliet, 'pencil')).toBe(true)
  expect(await accounts.credentials.admit?.(juliet)).toBe('account-disabled')
  expect(await accounts.setDisabled(juliet, undefined)).toBe(true)
  expect(await accounts.get(juliet)).toEqual({ id: 'id1', createdAt: 1_700_000_000_000 })
  expect(await accounts.setDisabled(jid('nobody@example.org'), 'spam')).toBe(false)
  expect(events.slice(1)).toEqual([
    'disabled juliet@example.org spam',
    'disabled juliet@example.org undefined',
  ])
})

test('domains are apart', async () => {
  const { accounts } = rig()
  await accounts.register(juliet, 'one')
  await accounts.register(jid('juliet@example.net'), 'two')
  expect(await accounts.verifyPassword(juliet, 'two')).toBe(false)
  await accounts.remove(juliet)
  expect(await accounts.count('example.org')).toBe(0)
  expect(await accounts.list('example.net', { limit: 10 })).toEqual(['juliet'])
})

test('a store that is down is an error, never a wrong password', async () => {
  const store = createMemoryAccountStore()
  const { accounts } = rig({ store: { ...store, get: () => Promise.reject(new Error('down')) } })
  await expect(accounts.verifyPassword(juliet, 'pencil')).rejects.toThrow('down')
  await expect(accounts.scramVerifier(juliet, 'SHA-1')).rejects.toThrow('down')
  await expect(accounts.exists(juliet)).rejects.toThrow('down')
})

test('A-14 A-15: options below the floors are refused at once', () => {
  const deps = {
    store: createMemoryAccountStore(),
    hooks: rig().hooks,
    clock: createManualClock(),
    ids: createCountingIds(),
  }
  expect(() => createAccounts(deps, { iterations: 1000 })).toThrow(failing('sasl/invalid-parameters'))
  expect(() => createAccounts(deps, { iterations: 10_000_000 })).toThrow(failing('sasl/invalid-parameters'))
  expect(() => createAccounts(deps, { saltBytes: 8 })).toThrow(failing('sasl/invalid-parameters'))
})
