import { createHooks } from '@xmppkit/hooks'
import { makeJid } from '@xmppkit/jid'
import { createCountingIds, createManualClock } from '@xmppkit/runtime'
import { describe, expect, test } from 'vitest'
import { createAccounts } from './accounts.js'
import { createMemoryAccountStore } from './memory-store.js'

const juliet = makeJid({ local: 'juliet', domain: 'example.org' }).bare

function rig(options: Parameters<typeof createAccounts>[1]) {
  const store = createMemoryAccountStore()
  const clock = createManualClock()
  const hooks = createHooks({ onError: () => {} })
  const ids = createCountingIds('id')
  return { store, accounts: createAccounts({ store, hooks, clock, ids }, { iterations: 4096, ...options }) }
}

describe('XEP-0480: hashes that are not offered yet', () => {
  test('are stored with new passwords, and brought to old accounts', async () => {
    const { accounts, store } = rig({ hashes: ['SHA-1'], upgrades: ['SHA-512', 'SHA-1'] })
    await accounts.register(juliet, 'r0m30')
    expect((await store.get(juliet))?.scram.map(({ hash }) => hash)).toEqual(['SHA-1', 'SHA-512'])
    expect(accounts.credentials.scramHashes).toEqual(['SHA-1'])
    expect(accounts.loginTasks?.map(({ name }) => name)).toEqual(['UPGR-SCRAM-SHA-1', 'UPGR-SCRAM-SHA-512'])
    await accounts.changePassword(juliet, 'another')
    expect((await store.get(juliet))?.scram.map(({ hash }) => hash)).toEqual(['SHA-1', 'SHA-512'])
    expect(await accounts.verifyPassword(juliet, 'another')).toBe(true)
  })

  test('are none unless somebody says so', () => {
    const { accounts } = rig({})
    expect(accounts.loginTasks?.map(({ name }) => name)).toEqual([
      'UPGR-SCRAM-SHA-256',
      'UPGR-SCRAM-SHA-512',
      'UPGR-SCRAM-SHA-1',
    ])
  })
})
