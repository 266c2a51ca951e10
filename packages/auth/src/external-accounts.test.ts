import { type BareJid, parseJid } from '@xmppkit/jid'
import { createScramHasher } from '@xmppkit/sasl'
import { expect, test } from 'vitest'
import { createExternalAccounts } from './external-accounts.js'

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
