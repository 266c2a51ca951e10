import { createHooks } from '@xmppkit/hooks'
import { type BareJid, parseJid } from '@xmppkit/jid'
import { createManualClock } from '@xmppkit/runtime'
import { createScramHasher } from '@xmppkit/sasl'
import { expect, test } from 'vitest'
import { createExternalAccounts } from './external-accounts.js'
import { removeUser } from './tokens.js'

const juliet = parseJid('juliet@example.org') as BareJid

test('asks the embedder, and offers what the embedder can do', async () => {
  const asked: unknown[] = []
  const passwords = {
    verifyPassword: (account: BareJid, password: string) => {
      asked.push([account.local, password])
      return password === 'pencil'
    },
  }
  const accounts = createExternalAccounts({
    passwords,
    exists: async (account) => account.local === 'juliet',
  })
  expect(accounts.credentials).toEqual({ passwords })
  expect(await accounts.verifyPassword(juliet, 'pencil')).toBe(true)
  expect(await accounts.verifyPassword(juliet, 'wrong')).toBe(false)
  expect(asked).toEqual([
    ['juliet', 'pencil'],
    ['juliet', 'wrong'],
  ])
  expect(await accounts.scramVerifier(juliet, 'SHA-1')).toBeUndefined()
  expect(await accounts.exists(juliet)).toBe(true)
  expect(await accounts.exists(parseJid('romeo@example.org') as BareJid)).toBe(false)
  expect(await accounts.get(juliet)).toEqual({ id: 'juliet@example.org', createdAt: 0 })
  expect(await accounts.get(parseJid('romeo@example.org') as BareJid)).toBeUndefined()
})

test('SCRAM verifiers of the embedder, without a password check', async () => {
  const verifier = await createScramHasher({ iterations: 4096 }).derive('pencil', { hash: 'SHA-1' })
  const scram = { scramVerifier: () => verifier }
  const admit = () => 'credentials-expired' as const
  const decoyVerifier = () => verifier
  const accounts = createExternalAccounts({ scram, admit, decoyVerifier })
  expect(accounts.credentials).toEqual({ scram, admit, decoyVerifier })
  expect(await accounts.scramVerifier(juliet, 'SHA-1')).toBe(verifier)
  expect(await accounts.verifyPassword(juliet, 'pencil')).toBe(false)
  expect(await accounts.exists(juliet)).toBe(true)
})

test('nothing can be changed here', async () => {
  const accounts = createExternalAccounts({})
  const changes = [
    accounts.register(juliet, 'pencil'),
    accounts.remove(juliet),
    accounts.changePassword(juliet, 'pencil'),
    accounts.setDisabled(juliet, 'spam'),
    accounts.list('example.org', { limit: 1 }),
    accounts.count('example.org'),
  ]
  for (const change of changes) await expect(change).rejects.toMatchObject({ code: 'auth/read-only' })
})

test('they can be listed and counted where the embedder can', async () => {
  const accounts = createExternalAccounts({ list: async () => ['juliet'], count: async () => 1 })
  expect(await accounts.list('example.org', { limit: 10 })).toEqual(['juliet'])
  expect(await accounts.count('example.org')).toBe(1)
})

test('SEC-25: what is kept here for a user who was removed over there goes', async () => {
  const gone: string[] = []
  const hooks = createHooks({ onError() {} })
  hooks.on(removeUser, ({ account }) => void gone.push(account.toString()))
  const accounts = createExternalAccounts({ exists: async () => true, hooks })
  expect(await accounts.exists(juliet)).toBe(true)
  await accounts.removed?.(juliet)
  expect(gone).toEqual(['juliet@example.org'])
  expect(await accounts.exists(juliet)).toBe(false)
})

test('SEC-25: an answer from before a user was removed does not bring the account back', async () => {
  const replies: ((exists: boolean) => void)[] = []
  const exists = () => new Promise<boolean>((resolve) => replies.push(resolve))
  const accounts = createExternalAccounts({ clock: createManualClock(0), exists }, { existsCacheMs: 1000 })
  const early = accounts.exists(juliet)
  await accounts.removed?.(juliet)
  replies[0]?.(true)
  expect([await early, await accounts.exists(juliet), accounts.isKnown?.(juliet)]).toEqual([
    false,
    false,
    false,
  ])
})

test('SEC-25: who asks after a removal does not get an answer from before it, where none is remembered', async () => {
  const replies: ((exists: boolean) => void)[] = []
  const exists = () => new Promise<boolean>((resolve) => replies.push(resolve))
  const accounts = createExternalAccounts({ clock: createManualClock(0), exists }, { existsCacheMs: 0 })
  const early = accounts.exists(juliet)
  await accounts.removed?.(juliet)
  const late = [accounts.exists(juliet)]
  replies[0]?.(true)
  expect(await early).toBe(false)
  // The question before has ended, and the one after it is still asked once.
  late.push(accounts.exists(juliet))
  expect(replies).toHaveLength(2)
  replies[1]?.(true)
  expect(await Promise.all(late)).toEqual([true, true])
})

test('E-3: whether somebody is there is asked once, remembered, and still known in an outage', async () => {
  const clock = createManualClock(0)
  let answer: () => Promise<boolean> = async () => true
  let asked = 0
  const accounts = createExternalAccounts(
    {
      clock,
      exists: () => {
        asked += 1
        return answer()
      },
    },
    { existsCacheMs: 1000, existsTimeoutMs: 100, maxKnownAccounts: 2 },
  )
  expect(accounts.isKnown?.(juliet)).toBe(false)
  expect(await Promise.all([accounts.exists(juliet), accounts.exists(juliet)])).toEqual([true, true])
  expect([asked, accounts.isKnown?.(juliet)]).toEqual([1, true])
  await clock.advance(1000)
  expect(accounts.isKnown?.(juliet)).toBe(false)
  answer = () => Promise.reject(new Error('down'))
  expect(await accounts.exists(juliet)).toBe(true)
  const romeo = parseJid('romeo@example.org').bare
  await expect(accounts.exists(romeo)).rejects.toThrow('down')
  answer = () => new Promise(() => {})
  const late = accounts.exists(romeo)
  const refused = expect(late).rejects.toMatchObject({ code: 'auth/timeout' })
  await clock.advance(100)
  await refused
  answer = async () => false
  expect(await accounts.exists(juliet)).toBe(false)
  expect(accounts.isKnown?.(juliet)).toBe(false)
  for (const name of ['a', 'b']) await accounts.exists(parseJid(`${name}@example.org`).bare)
  asked = 0
  await accounts.exists(juliet)
  expect(asked).toBe(1)
  expect(clock.timers).toBe(0)
})
