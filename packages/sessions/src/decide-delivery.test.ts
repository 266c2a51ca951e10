import { type FullJid, isFullJid, parseJid } from '@xmppkit/jid'
import type { StanzaType } from '@xmppkit/stanza'
import { describe, expect, test } from 'vitest'
import {
  availableOf,
  type BareMessagePolicy,
  type DeliveryTarget,
  decideDelivery,
  unreachableAnswer,
  withoutSuperseded,
} from './decide-delivery.js'

const account = 'juliet@example.com'

function full(address: string): FullJid {
  const jid = parseJid(address)
  if (!isFullJid(jid)) throw new Error(`${address} has no resource`)
  return jid
}

/** `desk:5` is a session with priority 5, `desk` one that has sent no presence. */
function sessions(spec: string): DeliveryTarget[] {
  return spec
    .split(' ')
    .filter((one) => one !== '')
    .map((one) => {
      const [resource = '', priority] = one.split(':')
      return {
        jid: full(`${account}/${resource}`),
        priority: priority === undefined ? undefined : Number(priority),
      }
    })
}

/** Stanzas by the words of the tables; `available` is a presence, `normal` a message, `get` an iq. */
const kinds = {
  normal: 'message',
  chat: 'message',
  groupchat: 'message',
  headline: 'message',
  'message error': 'message',
  available: 'presence',
  unavailable: 'presence',
  'presence error': 'presence',
  subscribe: 'presence',
  subscribed: 'presence',
  unsubscribe: 'presence',
  unsubscribed: 'presence',
  probe: 'presence',
  get: 'iq',
  set: 'iq',
  result: 'iq',
  'iq error': 'iq',
} as const
type Word = keyof typeof kinds

function typeOf(word: Word): StanzaType {
  return word === 'message error' || word === 'presence error' || word === 'iq error' ? 'error' : word
}

const words = Object.keys(kinds) as Word[]

interface How {
  readonly policy?: BareMessagePolicy
  readonly rerouted?: boolean
}

/** What is decided, as `deliver desk phone`, `offline`, `offline or nothing`, `bounce` … */
function decided(
  word: Word,
  to: string,
  spec: string,
  { policy = 'highest-priority', rerouted = false }: How = {},
) {
  const stanza = { kind: kinds[word], type: typeOf(word), to: parseJid(to) }
  const decision = decideDelivery(stanza, sessions(spec), { bareMessages: policy, rerouted })
  if (decision.action === 'deliver') {
    return `deliver ${decision.sessions.map((session) => session.jid.resource).join(' ')}`
  }
  if (decision.action === 'offline') return decision.otherwise === 'bounce' ? 'offline' : 'offline or nothing'
  return decision.action
}

type Column = Readonly<Record<Word, string>>

/** Everything a column of the tables says the same about, and what it says apart. */
function column(parts: {
  messages: readonly [normal: string, chat: string, groupchat: string, headline: string]
  presence: string
  requests: string
  results?: string
  error?: string
  subscriptions?: string
  subscribe?: string
}): Column {
  const { messages, presence, requests, error = 'discard', results = 'discard' } = parts
  const { subscriptions = 'subscription', subscribe = subscriptions } = parts
  const [normal, chat, groupchat, headline] = messages
  return {
    normal,
    chat,
    groupchat,
    headline,
    'message error': error,
    available: presence,
    unavailable: presence,
    'presence error': presence,
    subscribe,
    subscribed: subscriptions,
    unsubscribe: subscriptions,
    unsubscribed: subscriptions,
    probe: 'probe',
    get: requests,
    set: requests,
    result: results,
    'iq error': results,
  }
}

const toBare = (messages: Parameters<typeof column>[0]['messages'], presence: string) =>
  column({ messages, presence, requests: 'account' })
const toConnected = (resource: string) => {
  const deliver = `deliver ${resource}`
  return column({
    messages: [deliver, deliver, deliver, deliver],
    error: deliver,
    presence: deliver,
    requests: deliver,
    results: deliver,
  })
}
const toMissing = (chat: string) =>
  column({
    messages: ['bounce', chat, 'bounce', 'discard'],
    presence: 'discard',
    requests: 'bounce',
    subscriptions: 'discard',
    subscribe: 'subscription',
  })

const mixed = 'desk:5 phone:5 tablet:0 bot:-1 tv'
const columns: readonly (readonly [title: string, to: string, sessions: string, column: Column])[] = [
  [
    'bare, several resources with priority of at least 0',
    account,
    mixed,
    toBare(
      ['deliver phone desk', 'deliver phone desk', 'bounce', 'deliver tablet phone desk'],
      'deliver desk phone tablet bot',
    ),
  ],
  [
    'bare, one resource of priority 0',
    account,
    'desk:0',
    toBare(['deliver desk', 'deliver desk', 'bounce', 'deliver desk'], 'deliver desk'),
  ],
  [
    'bare, only negative priorities',
    account,
    'bot:-1 other:-128 tv',
    toBare(['offline', 'offline', 'bounce', 'offline or nothing'], 'deliver bot other'),
  ],
  [
    'bare, one negative priority',
    account,
    'bot:-1',
    toBare(['offline', 'offline', 'bounce', 'offline or nothing'], 'deliver bot'),
  ],
  [
    'bare, connected but not available',
    account,
    'tv radio',
    toBare(['offline', 'offline', 'bounce', 'offline or nothing'], 'discard'),
  ],
  [
    'bare, one connected but not available',
    account,
    'tv',
    toBare(['offline', 'offline', 'bounce', 'offline or nothing'], 'discard'),
  ],
  [
    'bare, nobody there',
    account,
    '',
    toBare(['offline', 'offline', 'bounce', 'offline or nothing'], 'discard'),
  ],
  ['full, connected', `${account}/tablet`, mixed, toConnected('tablet')],
  ['full, the only one connected', `${account}/desk`, 'desk:5', toConnected('desk')],
  ['full, of negative priority', `${account}/bot`, mixed, toConnected('bot')],
  ['full, before its first presence', `${account}/tv`, mixed, toConnected('tv')],
  ['full, no such resource, others there', `${account}/gone`, mixed, toMissing('deliver phone desk')],
  ['full, no such resource, only negative ones', `${account}/gone`, 'bot:-1', toMissing('offline')],
  ['full, no such resource, nobody there', `${account}/gone`, '', toMissing('offline')],
]

describe.each(columns)('%s', (_title, to, spec, expected) => {
  test.each(words)('%s', (word) => {
    expect(decided(word, to, spec)).toBe(expected[word])
  })
})

const messageWords = ['normal', 'chat', 'groupchat', 'headline', 'message error'] as const

test.each(messageWords)('M-2: no %s to the bare address reaches a negative priority', (word) => {
  for (const policy of ['highest-priority', 'all-non-negative'] as const) {
    for (const spec of [mixed, 'bot:-1', 'bot:-128 desk:0', 'tv bot:-1']) {
      expect(decided(word, account, spec, { policy })).not.toMatch(/bot/)
    }
  }
})

describe('M-3: who gets a message to the bare address is one policy, the same for chat and normal', () => {
  const policies = [
    ['highest-priority', mixed, 'deliver phone desk'],
    ['highest-priority', 'desk:0 phone:1', 'deliver phone'],
    ['highest-priority', 'desk:127 phone:1 tv', 'deliver desk'],
    ['all-non-negative', mixed, 'deliver tablet phone desk'],
    ['all-non-negative', 'desk:0 bot:-1', 'deliver desk'],
    ['all-non-negative', 'bot:-1 tv', 'offline'],
  ] as const
  test.each(policies)('%s: %s', (policy, spec, expected) => {
    expect(decided('chat', account, spec, { policy })).toBe(expected)
    expect(decided('normal', account, spec, { policy })).toBe(expected)
  })
})

test('N-7: a resource that has sent no presence gets nothing sent to the bare address', () => {
  for (const word of words) expect(decided(word, account, 'tv radio')).not.toMatch(/deliver/)
})

test('N-8: presence to the own bare address reaches each available resource once', () => {
  expect(decided('available', account, 'desk:5 bot:-1 tv')).toBe('deliver desk bot')
})

test('N-9: presence to a resource that is not there is ignored', () => {
  expect(decided('available', `${account}/gone`, mixed)).toBe('discard')
  expect(decided('unavailable', `${account}/gone`, mixed)).toBe('discard')
})

describe('two sessions of one address', () => {
  test('the later gets what is sent to the resource', () => {
    const [older, newer] = [...sessions('desk:5'), ...sessions('desk:1')]
    if (older === undefined || newer === undefined) throw new Error('unreachable')
    const stanza = { kind: 'message', type: 'chat', to: parseJid(`${account}/desk`) } as const
    const decision = decideDelivery(stanza, [older, newer], { bareMessages: 'highest-priority' })
    expect(decision).toEqual({ action: 'deliver', sessions: [newer] })
  })

  test('the older counts for nothing, not even with a higher priority', () => {
    expect(decided('chat', account, 'desk:5 phone:1 desk:0')).toBe('deliver phone')
    expect(decided('headline', account, 'desk:5 phone:1 desk:0')).toBe('deliver desk phone')
    expect(decided('available', account, 'desk:5 phone:1 desk')).toBe('deliver phone')
  })

  test('the later ones alone are listed', () => {
    const three = sessions('desk:5 phone:1 desk:0')
    expect(withoutSuperseded(three).map((one) => one.priority)).toEqual([1, 0])
    expect(withoutSuperseded(three.slice(1))).toEqual(three.slice(1))
    expect(availableOf(sessions('desk:5 phone')).map((one) => one.jid.resource)).toEqual(['desk'])
  })
})

describe('what a session took over and could not write', () => {
  const cases: readonly (readonly [Word, to: string, spec: string, expected: string])[] = [
    ['chat', account, 'phone:0', 'deliver phone'],
    ['normal', account, 'phone:0', 'deliver phone'],
    ['chat', account, 'bot:-1', 'offline'],
    ['chat', `${account}/desk`, 'phone:0', 'deliver phone'],
    ['normal', `${account}/desk`, 'phone:0', 'deliver phone'],
    ['normal', `${account}/desk`, '', 'offline'],
    ['normal', `${account}/desk`, 'desk', 'deliver desk'],
    ['groupchat', `${account}/desk`, 'phone:0', 'bounce'],
    ['headline', account, 'phone:0', 'discard'],
    ['headline', `${account}/desk`, 'phone:0', 'discard'],
    ['message error', `${account}/desk`, 'phone:0', 'discard'],
    ['available', `${account}/desk`, 'phone:0', 'discard'],
    ['available', `${account}/desk`, 'desk', 'discard'],
    ['available', account, 'phone:0', 'discard'],
    ['unavailable', account, 'phone:0', 'discard'],
    ['subscribe', account, 'phone:0', 'discard'],
    ['get', `${account}/desk`, 'phone:0', 'bounce'],
    ['result', `${account}/desk`, 'phone:0', 'discard'],
  ]
  test.each(cases)('%s to %s with %j: %s', (word, to, spec, expected) => {
    expect(decided(word, to, spec, { rerouted: true })).toBe(expected)
  })
})

test.each(words)('M-8: an account that does not exist, or must look so, answers %s', (word) => {
  const told = ['normal', 'chat', 'groupchat', 'headline', 'get', 'set'].includes(word)
  const answer = unreachableAnswer({ kind: kinds[word], type: typeOf(word) })
  expect(answer?.condition).toBe(told ? 'service-unavailable' : undefined)
})

test('one connected resource costs no new list', () => {
  const list = sessions('desk:5')
  const stanza = { kind: 'message', type: 'chat', to: parseJid(account) } as const
  const decision = decideDelivery(stanza, list, { bareMessages: 'highest-priority' })
  expect(decision.action === 'deliver' && decision.sessions).toBe(list)
})
