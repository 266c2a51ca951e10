import { parseJid } from '@xmppkit/jid'
import { expect, test } from 'vitest'
import { createRevocations } from './revocations.js'

const accountOf = (local: string) => parseJid(`${local}@example.org`).bare

test('A-20: a revocation counts against what began before it, of that account', () => {
  const revocations = createRevocations()
  const before = revocations.moment
  revocations.note(accountOf('ann'))
  const after = revocations.moment
  expect(revocations.since(accountOf('ann'), before)).toBe(true)
  expect(revocations.since(accountOf('ann'), after)).toBe(false)
  expect(revocations.since(accountOf('bob'), before)).toBe(false)
})

test('A-20: what is forgotten counts against logins that are older still, whoever they are', () => {
  const revocations = createRevocations()
  const before = revocations.moment
  revocations.note(accountOf('ann'))
  const after = revocations.moment
  for (let n = 0; n < 10_000; n++) revocations.note(accountOf(`user${n}`))
  expect([before, after].map((moment) => revocations.since(accountOf('ann'), moment))).toEqual([true, false])
})
