import { parseJid } from '@xmppkit/jid'
import { createManualClock } from '@xmppkit/runtime'
import { expect, test } from 'vitest'
import { createLoginRecords } from './login-records.js'
import type { StoredAccount } from './ports.js'

const juliet = parseJid('juliet@example.com').bare
const nobody = parseJid('nobody@example.com').bare
const stored: StoredAccount = { id: '1', createdAt: 0, scram: [] }

function scene() {
  const reads: string[] = []
  const clock = createManualClock()
  const records = createLoginRecords(clock, async (account) => {
    reads.push(account.local)
    return account.equals(juliet) ? stored : undefined
  })
  return { reads, clock, records }
}

test('a login reads its account once, whether or not there is one', async () => {
  const { records, reads } = scene()
  const [first, second] = [{}, {}]
  expect(await records.read(juliet, { login: first })).toBe(stored)
  expect(records.take(juliet, { login: first })).toBe(stored)
  expect(await records.read(nobody, { login: second })).toBeUndefined()
  expect(records.take(nobody, { login: second })).toBeUndefined()
  expect(reads).toEqual(['juliet', 'nobody'])
})

test('A-5: every login reads, so that nobody is answered sooner for having been here lately', async () => {
  const { records, reads } = scene()
  const login = {}
  await records.read(juliet, { login })
  await records.read(juliet, { login })
  await records.read(juliet, { login: {} })
  await records.read(juliet, {})
  expect(reads).toHaveLength(4)
})

test('A-20: what was read does not count for another account, after a change, or after some seconds', async () => {
  const { records, reads, clock } = scene()
  const login = {}
  await records.read(juliet, { login })
  expect(await records.take(nobody, { login })).toBeUndefined()
  expect(await records.take(juliet, {})).toBe(stored)
  expect(await records.take(juliet, { login: {} })).toBe(stored)
  expect(reads).toEqual(['juliet', 'nobody', 'juliet', 'juliet'])
  records.outdated()
  await records.take(juliet, { login })
  expect(reads).toHaveLength(5)
  await records.read(juliet, { login })
  await clock.advance(5001)
  await records.take(juliet, { login })
  expect(reads).toHaveLength(7)
})

test('A-20: what changes while it is being read does not count', async () => {
  const { records, reads } = scene()
  const login = {}
  const reading = records.read(juliet, { login })
  records.outdated()
  await reading
  await records.take(juliet, { login })
  expect(reads).toHaveLength(2)
})
