import { describe, expect, test } from 'vitest'
import {
  inbound,
  noSubscription,
  outbound,
  type SubscriptionState,
  type SubscriptionType,
} from './subscription.js'

// The nine states of RFC 6121 Appendix A.1, named as peers do: O = pending out, I = pending in.
const states: Record<string, SubscriptionState> = {
  None: noSubscription,
  'None+O': { ...noSubscription, pendingOut: true },
  'None+I': { ...noSubscription, pendingIn: true },
  'None+OI': { ...noSubscription, pendingOut: true, pendingIn: true },
  To: { ...noSubscription, subscription: 'to' },
  'To+I': { ...noSubscription, subscription: 'to', pendingIn: true },
  From: { ...noSubscription, subscription: 'from' },
  'From+O': { ...noSubscription, subscription: 'from', pendingOut: true },
  Both: { ...noSubscription, subscription: 'both' },
}

/** Rows: state before → state after; `!` = not passed on, `+` = the server answers `subscribed`. */
function table(
  rule: string,
  direction: typeof inbound,
  type: SubscriptionType,
  rows: readonly (readonly [string, string, string?])[],
) {
  describe(`${direction.name} ${type}`, () => {
    test.each(rows.map(([before, after, mark = '']) => [before, after, mark] as const))(
      `${rule}: %s → %s %s`,
      (before, after, mark) => {
        const from = states[before]!
        const result = direction(from, type)
        expect(result.next).toEqual({ ...states[after]!, approved: result.next.approved })
        expect(result.pass).toBe(!mark.includes('!'))
        expect(result.autoApprove).toBe(mark.includes('+'))
        if (before === after && !result.next.approved) expect(result.next).toBe(from)
      },
    )
    test(`${rule}: every state has a row`, () => {
      expect(rows.map(([before]) => before)).toEqual(Object.keys(states))
    })
  })
}

table('P-2', outbound, 'subscribe', [
  ['None', 'None+O'],
  ['None+O', 'None+O'],
  ['None+I', 'None+OI'],
  ['None+OI', 'None+OI'],
  ['To', 'To'],
  ['To+I', 'To+I'],
  ['From', 'From+O'],
  ['From+O', 'From+O'],
  ['Both', 'Both'],
])

table('P-4', outbound, 'unsubscribe', [
  ['None', 'None'],
  ['None+O', 'None'],
  ['None+I', 'None+I'],
  ['None+OI', 'None+I'],
  ['To', 'None'],
  ['To+I', 'None+I'],
  ['From', 'From'],
  ['From+O', 'From'],
  ['Both', 'From'],
])

table('P-3', outbound, 'subscribed', [
  ['None', 'None', '!'],
  ['None+O', 'None+O', '!'],
  ['None+I', 'From'],
  ['None+OI', 'From+O'],
  ['To', 'To', '!'],
  ['To+I', 'Both'],
  ['From', 'From', '!'],
  ['From+O', 'From+O', '!'],
  ['Both', 'Both', '!'],
])

table('P-4', outbound, 'unsubscribed', [
  ['None', 'None', '!'],
  ['None+O', 'None+O', '!'],
  ['None+I', 'None'],
  ['None+OI', 'None+O'],
  ['To', 'To', '!'],
  ['To+I', 'To'],
  ['From', 'None'],
  ['From+O', 'None+O'],
  ['Both', 'To'],
])

table('P-5', inbound, 'subscribe', [
  ['None', 'None+I'],
  ['None+O', 'None+OI'],
  ['None+I', 'None+I', '!'],
  ['None+OI', 'None+OI', '!'],
  ['To', 'To+I'],
  ['To+I', 'To+I', '!'],
  ['From', 'From', '!+'],
  ['From+O', 'From+O', '!+'],
  ['Both', 'Both', '!+'],
])

table('P-6', inbound, 'subscribed', [
  ['None', 'None', '!'],
  ['None+O', 'To'],
  ['None+I', 'None+I', '!'],
  ['None+OI', 'To+I'],
  ['To', 'To', '!'],
  ['To+I', 'To+I', '!'],
  ['From', 'From', '!'],
  ['From+O', 'Both'],
  ['Both', 'Both', '!'],
])

table('P-6', inbound, 'unsubscribe', [
  ['None', 'None', '!'],
  ['None+O', 'None+O', '!'],
  ['None+I', 'None'],
  ['None+OI', 'None+O'],
  ['To', 'To', '!'],
  ['To+I', 'To'],
  ['From', 'None'],
  ['From+O', 'None+O'],
  ['Both', 'To'],
])

table('P-6', inbound, 'unsubscribed', [
  ['None', 'None', '!'],
  ['None+O', 'None'],
  ['None+I', 'None+I', '!'],
  ['None+OI', 'None+I'],
  ['To', 'None'],
  ['To+I', 'None+I'],
  ['From', 'From', '!'],
  ['From+O', 'From'],
  ['Both', 'From'],
])

describe('pre-approval (RFC 6121 §3.4)', () => {
  test.each(['None', 'None+O', 'To'])('P-3: subscribed in %s is remembered, not routed', (name) => {
    const { next, pass } = outbound(states[name]!, 'subscribed')
    expect(next).toEqual({ ...states[name]!, approved: true })
    expect(pass).toBe(false)
  })

  test.each([
    ['None', 'From'],
    ['None+O', 'From+O'],
    ['To', 'Both'],
  ])('P-5: a request in approved %s is granted at once and never shown', (before, after) => {
    const result = inbound({ ...states[before]!, approved: true }, 'subscribe')
    expect(result).toEqual({ next: states[after]!, pass: false, autoApprove: true })
  })

  test('P-4: unsubscribed takes a pre-approval back without telling the contact', () => {
    const result = outbound({ ...noSubscription, approved: true }, 'unsubscribed')
    expect(result).toEqual({ next: noSubscription, pass: false, autoApprove: false })
  })
})

test('P-3: a roster item stands for its state, and nothing else of it gets into the next one', () => {
  const item = { ...noSubscription, pendingIn: true, jid: 'romeo@example.net', listed: false }
  expect(outbound(item, 'subscribed').next).toEqual({ ...noSubscription, subscription: 'from' })
})
