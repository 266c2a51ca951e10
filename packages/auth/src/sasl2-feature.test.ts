import { createHooks } from '@xmppkit/hooks'
import { type BareJid, parseJid } from '@xmppkit/jid'
import { createCountingIds, createManualClock } from '@xmppkit/runtime'
import { createSaslClient, encodeBase64, type SaslClientDeps } from '@xmppkit/sasl'
import { NS, SaslFailure, StreamError } from '@xmppkit/stanza'
import { Element } from '@xmppkit/xml'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Accounts, createAccounts } from './accounts.js'
import { createFeatureRegistry, type InlineFeature, inlineSeq } from './inline-features.js'
import type { LoginAttempt } from './login-report.js'
import type { LoginTask } from './login-tasks.js'
import { createLoginThrottle } from './login-throttle.js'
import { createLogins, type SaslFeatureDeps, type SaslFeatureOptions } from './logins.js'
import { createMemoryAccountStore } from './memory-store.js'
import { saslFeature } from './sasl-feature.js'
import { sasl2Feature } from './sasl2-feature.js'
import { type StreamRig, type StreamRigSetup, streamRig } from './stream-rig.js'

const jid = (text: string): BareJid => parseJid(text) as BareJid
const password = 'r0m30 my=r0,m30'
const agentId = 'd4565fa7-4d72-4749-b3d3-740edbf87770'
let accounts: Accounts

beforeAll(async () => {
  const hooks = createHooks({ onError: () => {} })
  accounts = createAccounts(
    { store: createMemoryAccountStore(), hooks, clock: createManualClock(), ids: createCountingIds('id') },
    { iterations: 4096 },
  )
  await accounts.register(jid('juliet@example.org'), password)
  await accounts.register(jid('romeo@example.org'), 'other')
  await accounts.register(jid('banned@example.org'), password)
  await accounts.setDisabled(jid('banned@example.org'), 'spam')
})

interface Setup extends Partial<Omit<StreamRigSetup, 'features'>> {
  readonly deps?: Partial<SaslFeatureDeps>
  readonly options?: SaslFeatureOptions
  readonly inline?: readonly InlineFeature[]
  readonly tasks?: readonly LoginTask[]
  readonly attempts?: LoginAttempt[]
}

function rig({ deps, options, attempts = [], inline = [], tasks = [], ...setup }: Setup = {}): StreamRig {
  const features = createFeatureRegistry<InlineFeature>()
  for (const feature of inline) features.add(feature)
  const duties = createFeatureRegistry<LoginTask>()
  for (const task of tasks) duties.add(task)
  return streamRig({
    ...setup,
    features: ({ clock, logger }) => {
      const onAttempt = (attempt: LoginAttempt) => void attempts.push(attempt)
      const logins = createLogins(
        { credentials: accounts.credentials, clock, logger, onAttempt, ...deps },
        options,
      )
      return [sasl2Feature({ logins, inline: features, tasks: duties, logger }), saslFeature(logins)]
    },
  })
}

const outcome =
  /<(success|failure|challenge|continue|task-data) xmlns="urn:xmpp:sasl:2"[\s\S]*?(<\/\1>|\/>)|<\/stream:stream>/
const plain = (username: string, secret: string, authzid = ''): string =>
  encodeBase64(new TextEncoder().encode(`${authzid}\0${username}\0${secret}`))
const authenticate = (mechanism: string, initial?: string, more = ''): string => {
  const response = initial === undefined ? '' : `<initial-response>${initial}</initial-response>`
  return `<authenticate xmlns='${NS.sasl2}' mechanism='${mechanism}'>${response}${more}</authenticate>`
}
const condition = (answer: string): string =>
  /<failure xmlns="urn:xmpp:sasl:2"><([a-z-]+) xmlns="urn:ietf:params:xml:ns:xmpp-sasl"\/><\/failure>/.exec(
    answer,
  )?.[1] ?? answer

async function attempt(stream: StreamRig, mechanism: string, initial?: string, more = ''): Promise<string> {
  return condition(await stream.say(authenticate(mechanism, initial, more), outcome))
}

/** A whole SCRAM login; the condition, or the whole `<success/>` and what follows. */
async function scram(stream: StreamRig, mechanism: string, deps: SaslClientDeps, more = ''): Promise<string> {
  const client = createSaslClient(deps, { mechanisms: [mechanism] }).begin(mechanism)
  if (client === undefined) throw new Error('no such mechanism')
  const initial = encodeBase64((await client.start()) ?? new Uint8Array(0))
  const challenge = /<challenge[^>]*>([^<]*)</.exec(
    await stream.say(authenticate(mechanism, initial, more), outcome),
  )?.[1]
  if (challenge === undefined) throw new Error('no challenge')
  const response = await client.next(Buffer.from(challenge, 'base64'))
  const answer = await stream.say(
    `<response xmlns='${NS.sasl2}'>${encodeBase64(response)}</response>`,
    outcome,
  )
  const data = /<additional-data>([^<]*)</.exec(answer)?.[1]
  if (data !== undefined) client.finish(Buffer.from(data, 'base64'))
  return condition(answer)
}

const probe = (more: Partial<InlineFeature> = {}): InlineFeature => ({
  name: 'probe',
  seq: 10,
  advertise: () => new Element('probe', { xmlns: 'urn:probe' }),
  wants: ({ element }) => element.has('probe', 'urn:probe'),
  negotiate: () => ({ element: new Element('probed', { xmlns: 'urn:probe' }) }),
  ...more,
})

describe('the offer', () => {
  test('SASL2-1: lists mechanisms and what can be had with them, beside the older profile', async () => {
    expect(await rig({ inline: [probe()] }).open()).toContain(
      '<authentication xmlns="urn:xmpp:sasl:2"><mechanism>SCRAM-SHA-512</mechanism><mechanism>SCRAM-SHA-256</mechanism>' +
        '<mechanism>SCRAM-SHA-1</mechanism><mechanism>PLAIN</mechanism><inline><probe xmlns="urn:probe"/></inline></authentication>' +
        '<mechanisms',
    )
    expect(await rig().open()).not.toContain('<inline')
  })

  test('SASL2-1 SEC-7: is not made on a stream others can read', async () => {
    const stream = rig({ tls: 'none' })
    expect(await stream.open()).not.toContain('urn:xmpp:sasl:2')
    expect(await attempt(stream, 'SCRAM-SHA-1', 'biws')).toBe('encryption-required')
  })
})

describe('a login', () => {
  test.each(['SCRAM-SHA-512', 'SCRAM-SHA-256', 'SCRAM-SHA-1'])(
    'SASL2-4 A-7 A-13: with %s: the signature, the account, and new features at once on the same stream',
    async (mechanism) => {
      const attempts: LoginAttempt[] = []
      const stream = rig({ attempts })
      await stream.open()
      expect(await scram(stream, mechanism, { username: 'Juliet', password })).toMatch(
        /^<success xmlns="urn:xmpp:sasl:2"><additional-data>[^<]+<\/additional-data><authorization-identifier>juliet@example.org<\/authorization-identifier><\/success><stream:features\/>$/,
      )
      expect(stream.stream.state.authenticated?.toString()).toBe('juliet@example.org')
      expect(stream.stream.state.mechanism).toBe(mechanism)
      expect(attempts).toEqual([
        { account: jid('juliet@example.org'), mechanism, remoteAddress: '192.0.2.7' },
      ])
    },
  )

  test('with PLAIN there are no additional data', async () => {
    const stream = rig()
    await stream.open()
    expect(await attempt(stream, 'PLAIN', plain('juliet', password))).toMatch(
      /^<success[^>]*><authorization-identifier>/,
    )
  })

  test('an absent initial response is asked for, an empty one is one', async () => {
    const stream = rig()
    await stream.open()
    expect(await attempt(stream, 'PLAIN', '')).toBe('malformed-request')
    expect(await attempt(stream, 'PLAIN')).toMatch(/^<challenge xmlns="urn:xmpp:sasl:2"\/>$/)
    const response = `<response xmlns='${NS.sasl2}'>${plain('juliet', password)}</response>`
    expect(await stream.say(response, outcome)).toMatch(/^<success/)
  })

  test('SASL2-5 A-21: a second one on the same stream ends it', async () => {
    const stream = rig()
    await stream.open()
    await attempt(stream, 'PLAIN', plain('juliet', password))
    expect(await attempt(stream, 'PLAIN', plain('romeo', 'other'))).toContain('policy-violation')
    expect(stream.stream.state.authenticated?.toString()).toBe('juliet@example.org')
  })
})

describe('a login that is refused', () => {
  const ok = plain('juliet', password)

  test.each([
    ['A-1: an unknown mechanism', 'GSSAPI', ok, '', 'invalid-mechanism'],
    ['A-1: one that is not configured', 'ANONYMOUS', '', '', 'invalid-mechanism'],
    ['A-1: a mechanism for tokens, where there are none', 'HT-SHA-256-NONE', ok, '', 'invalid-mechanism'],
    ['A-2: base64 with a line break', 'PLAIN', `${ok.slice(0, 8)}\n${ok.slice(8)}`, '', 'incorrect-encoding'],
    ['A-2: "=", which is nothing here', 'PLAIN', '=', '', 'incorrect-encoding'],
    [
      'A-3: two initial responses',
      'PLAIN',
      ok,
      `<initial-response>${ok}</initial-response>`,
      'malformed-request',
    ],
    ['A-5: a wrong password', 'PLAIN', plain('juliet', 'wrong'), '', 'not-authorized'],
    ['A-5: an unknown account', 'PLAIN', plain('nobody', 'wrong'), '', 'not-authorized'],
    ['A-6: another identity', 'PLAIN', plain('juliet', password, 'romeo@example.org'), '', 'invalid-authzid'],
    ['A-20: a disabled account', 'PLAIN', plain('banned', password), '', 'account-disabled'],
    ['an id that is no UUID', 'PLAIN', ok, "<user-agent id='me'/>", 'malformed-request'],
    [
      'an id that is a UUID of another version',
      'PLAIN',
      ok,
      "<user-agent id='d4565fa7-4d72-1749-b3d3-740edbf87770'/>",
      'malformed-request',
    ],
    ['two user agents', 'PLAIN', ok, '<user-agent/><user-agent/>', 'malformed-request'],
  ])('%s', async (_what, mechanism, initial, more, expected) => {
    const stream = rig()
    await stream.open()
    expect(await attempt(stream, mechanism, initial, more)).toBe(expected)
    expect(stream.stream.state.authenticated).toBeUndefined()
  })

  test('SASL2-1 A-6: credentials of another account than the header named', async () => {
    const stream = rig()
    const header = `<stream:stream xmlns='jabber:client' xmlns:stream='${NS.streams}' to='example.org' from='romeo@example.org' version='1.0'>`
    await stream.say(header, /<\/stream:features>/)
    expect(await attempt(stream, 'PLAIN', ok)).toBe('invalid-authzid')
    expect(await attempt(stream, 'PLAIN', plain('romeo', 'other'))).toMatch(/^<success/)
  })

  test('A-3: an abort, and another try after it', async () => {
    const stream = rig()
    await stream.open()
    expect(await attempt(stream, 'SCRAM-SHA-1', encodeBase64(Buffer.from('n,,n=juliet,r=abc')))).toContain(
      '<challenge',
    )
    expect(condition(await stream.say(`<abort xmlns='${NS.sasl2}'/>`, outcome))).toBe('aborted')
    expect(await attempt(stream, 'PLAIN', ok)).toMatch(/^<success/)
  })

  test.each(["<message xmlns='jabber:client'/>", `<response xmlns='${NS.sasl}'>biws</response>`])(
    'SASL2-2 A-3: anything else in the middle ends the stream: %s',
    async (stranger) => {
      const stream = rig()
      await stream.open()
      await attempt(stream, 'SCRAM-SHA-1', encodeBase64(Buffer.from('n,,n=juliet,r=abc')))
      expect(await stream.say(stranger, outcome)).toContain('not-authorized')
      expect(stream.ends).toHaveLength(1)
    },
  )

  test.each([
    `<response xmlns='${NS.sasl2}'/>`,
    `<abort xmlns='${NS.sasl2}'/>`,
    `<next xmlns='${NS.sasl2}'/>`,
  ])('A-3: out of place: %s', async (stranger) => {
    const stream = rig()
    await stream.open()
    expect(condition(await stream.say(stranger, outcome))).toBe('malformed-request')
  })

  test('A-4: failures of both profiles count together', async () => {
    const stream = rig({ options: { maxAttempts: 3 } })
    await stream.open()
    const older = `<auth xmlns='${NS.sasl}' mechanism='PLAIN'>${plain('juliet', 'wrong')}</auth>`
    expect(await attempt(stream, 'PLAIN', plain('juliet', 'wrong'))).toBe('not-authorized')
    expect(await stream.say(older, /<\/failure>/)).toContain('not-authorized')
    expect(await stream.say(authenticate('PLAIN', plain('juliet', 'wrong')), /<\/stream:stream>/)).toContain(
      'policy-violation',
    )
  })

  test('a throttled address waits without a look at its password', async () => {
    const throttle = createLoginThrottle({ clock: createManualClock() }, { maxFailuresPerAddress: 1 })
    const stream = rig({ deps: { throttle } })
    await stream.open()
    expect(await attempt(stream, 'PLAIN', plain('juliet', 'wrong'))).toBe('not-authorized')
    expect(await attempt(stream, 'PLAIN', ok)).toBe('temporary-auth-failure')
  })

  test('SASL2-6 SEC-33: no line of the log has a password, a proof or the id of the client', async () => {
    const stream = rig()
    await stream.open()
    const agent = `<user-agent id='${agentId}'><software>S</software></user-agent>`
    await attempt(stream, 'PLAIN', plain('juliet', 'gu3ss'), agent)
    await attempt(stream, 'PLAIN', ok, agent)
    expect(stream.log.length).toBeGreaterThan(0)
    for (const secret of [password, 'gu3ss', ok, agentId]) expect(stream.log.join()).not.toContain(secret)
  })
})

describe('what is asked for with a login', () => {
  const ok = plain('juliet', password)
  const asked = "<probe xmlns='urn:probe'/>"
  const bind = (name: string, seq: number, bound?: string, resumed?: boolean): InlineFeature =>
    probe({
      name,
      seq,
      binds: true,
      negotiate: () => ({
        element: new Element(name, { xmlns: 'urn:probe' }),
        ...(bound && { bound: parseJid(bound) as never }),
        ...(resumed !== undefined && { resumed }),
      }),
    })

  test('SASL2-4: gets its answers in order, before the new features', async () => {
    const late = probe({
      seq: 90,
      negotiate: async () => ({ element: new Element('late', { xmlns: 'urn:l' }) }),
    })
    const stream = rig({ inline: [late, probe()] })
    await stream.open()
    expect(await attempt(stream, 'PLAIN', ok, asked)).toMatch(
      /<\/authorization-identifier><probed xmlns="urn:probe"\/><late xmlns="urn:l"\/><\/success><stream:features\/>$/,
    )
  })

  test('what is not asked for is not done', async () => {
    const stream = rig({ inline: [probe({ negotiate: () => Promise.reject(new Error('asked')) })] })
    await stream.open()
    expect(await attempt(stream, 'PLAIN', ok)).toMatch(/<\/authorization-identifier><\/success>/)
    expect(stream.log.join()).not.toContain('asked')
  })

  test('SASL2-3: nothing is done for a login that fails', async () => {
    let steps = 0
    const counting = probe({
      negotiate: () => {
        steps++
        return {}
      },
    })
    const stream = rig({ inline: [counting] })
    await stream.open()
    for (const [user, secret] of [
      ['juliet', 'wrong'],
      ['banned', password],
    ] as const) {
      await attempt(stream, 'PLAIN', plain(user, secret), asked)
    }
    expect(steps).toBe(0)
  })

  test('BIND2-1: a session that goes on makes binding a new one superfluous', async () => {
    const stream = rig({
      inline: [
        bind('bound', inlineSeq.bind, 'juliet@example.org/new'),
        bind('resumed', inlineSeq.resume, 'juliet@example.org/old'),
      ],
    })
    await stream.open()
    const answer = await attempt(stream, 'PLAIN', ok, asked)
    expect(answer).toContain('<authorization-identifier>juliet@example.org/old<')
    expect(answer).toContain('<resumed xmlns="urn:probe"/>')
    expect(answer).not.toContain('<bound')
    expect([stream.stream.state.bound?.toString(), stream.stream.phase]).toEqual([
      'juliet@example.org/old',
      'established',
    ])
  })

  test('BIND2-1 SM-4: one that goes on does so with success, and no features follow', async () => {
    const resume = bind('resumed', inlineSeq.resume, 'juliet@example.org/old', true)
    const stream = rig({ inline: [resume, probe({ seq: inlineSeq.token })] })
    await stream.open()
    const answer = await attempt(stream, 'PLAIN', ok, asked)
    expect(answer).toMatch(/<resumed xmlns="urn:probe"\/><probed xmlns="urn:probe"\/><\/success>$/)
    expect(stream.stream.phase).toBe('established')
  })

  test('BIND2-1: one that cannot go on says so, and a new one is bound', async () => {
    const stream = rig({
      inline: [bind('bound', inlineSeq.bind, 'juliet@example.org/new'), bind('failed', inlineSeq.resume)],
    })
    await stream.open()
    const answer = await attempt(stream, 'PLAIN', ok, asked)
    expect(answer).toMatch(/<failed xmlns="urn:probe"\/><bound xmlns="urn:probe"\/>/)
    expect(answer).toContain('>juliet@example.org/new<')
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
  ] as const)('a step that %s leaves the login as it is and no answer', async (_how, negotiate) => {
    const stream = rig({ inline: [probe({ negotiate })] })
    await stream.open()
    expect(await attempt(stream, 'PLAIN', ok, asked)).toMatch(/<\/authorization-identifier><\/success>/)
    expect(stream.log.join()).toContain('broken')
  })

  test('a step may end the stream', async () => {
    const negotiate = () => {
      throw new StreamError('conflict')
    }
    const stream = rig({ inline: [probe({ negotiate })] })
    await stream.open()
    const answer = await stream.say(authenticate('PLAIN', ok, asked), /<\/stream:stream>/)
    expect(answer).toContain('<conflict')
    expect(answer).not.toContain('<success')
  })

  test('a step knows the account and the client, whose names are bounded', async () => {
    const seen: unknown[] = []
    const curious = probe({
      negotiate: ({ account, userAgent, mechanism, bound }) => {
        seen.push(account.toString(), userAgent, mechanism, bound)
        return {}
      },
    })
    const stream = rig({ inline: [curious] })
    await stream.open()
    const agent = `<user-agent id='${agentId.toUpperCase()}'><software>${'s'.repeat(500)}</software><device> Kiva's Phone </device></user-agent>`
    await attempt(stream, 'PLAIN', ok, asked + agent)
    expect(seen).toEqual([
      'juliet@example.org',
      { id: agentId, software: 's'.repeat(128), device: "Kiva's Phone" },
      'PLAIN',
      undefined,
    ])
  })
})

describe('OAUTHBEARER', () => {
  const tokens = {
    verifyToken: (token: string, domain: string) => {
      if (token === 'elsewhere') return jid('juliet@example.net')
      return token === 'good' && domain === 'example.org' ? jid('juliet@example.org') : undefined
    },
  }
  const bearer = (token: string) => encodeBase64(Buffer.from(`n,,\u0001auth=Bearer ${token}\u0001\u0001`))
  const withTokens = () => rig({ deps: { credentials: { ...accounts.credentials, tokens } } })

  test('logs in to the account the token is for', async () => {
    const stream = withTokens()
    expect(await stream.open()).toContain('<mechanism>OAUTHBEARER</mechanism>')
    expect(await attempt(stream, 'OAUTHBEARER', bearer('good'))).toMatch(/^<success/)
    expect(stream.stream.state.authenticated?.toString()).toBe('juliet@example.org')
  })

  test.each(['bad', 'elsewhere'])(
    'SEC-32: refuses one that is not for an account here: %s',
    async (token) => {
      const stream = withTokens()
      await stream.open()
      expect(await attempt(stream, 'OAUTHBEARER', bearer(token))).toContain('<challenge')
      const answer = await stream.say(`<response xmlns='${NS.sasl2}'>AQ==</response>`, outcome)
      expect(condition(answer)).toBe('not-authorized')
    },
  )

  test('A-1: is not offered where nobody knows tokens', async () => {
    const stream = rig()
    expect(await stream.open()).not.toContain('OAUTHBEARER')
    expect(await attempt(stream, 'OAUTHBEARER', bearer('good'))).toBe('invalid-mechanism')
  })
})

describe('tasks', () => {
  const second = (more: Partial<LoginTask> = {}): LoginTask => ({
    name: 'TOTP-EXAMPLE',
    seq: 10,
    due: ({ account }) => account.local === 'juliet',
    async run(next, io) {
      const answer = await io.ask(new Element('code', { xmlns: 'urn:totp' }))
      const code = answer.childText('code', 'urn:totp') ?? next.childText('code', 'urn:totp')
      if (code !== '123456') throw new SaslFailure('not-authorized')
    },
    ...more,
  })
  const next = (task: string) => `<next xmlns='${NS.sasl2}' task='${task}'/>`
  const data = (code: string) =>
    `<task-data xmlns='${NS.sasl2}'><code xmlns='urn:totp'>${code}</code></task-data>`

  test('are done between credentials and success, which has no data then', async () => {
    const stream = rig({ tasks: [second()] })
    await stream.open()
    expect(await scram(stream, 'SCRAM-SHA-256', { username: 'juliet', password })).toMatch(
      /^<continue xmlns="urn:xmpp:sasl:2"><additional-data>[^<]+<\/additional-data><tasks><task>TOTP-EXAMPLE<\/task><\/tasks><\/continue>$/,
    )
    expect(stream.stream.state.authenticated).toBeUndefined()
    expect(await stream.say(next('TOTP-EXAMPLE'), outcome)).toContain('<code xmlns="urn:totp"/>')
    expect(await stream.say(data('123456'), outcome)).toMatch(/^<success[^>]*><authorization-identifier>/)
    expect(stream.stream.state.authenticated?.toString()).toBe('juliet@example.org')
  })

  test.each([
    ['a wrong answer', [next('TOTP-EXAMPLE'), data('000000')], 'not-authorized'],
    ['another task', [next('OTHER')], 'malformed-request'],
    ['no task', [data('123456')], 'malformed-request'],
    ['an abort', [`<abort xmlns='${NS.sasl2}'/>`], 'aborted'],
    [
      'a response out of place',
      [next('TOTP-EXAMPLE'), `<response xmlns='${NS.sasl2}'/>`],
      'malformed-request',
    ],
  ])('fail the login after %s, and nothing that was asked for is done', async (_what, words, expected) => {
    let steps = 0
    const counting = probe({
      negotiate: () => {
        steps++
        return {}
      },
    })
    const stream = rig({ tasks: [second()], inline: [counting] })
    await stream.open()
    let answer = await attempt(stream, 'PLAIN', plain('juliet', password), "<probe xmlns='urn:probe'/>")
    expect(answer).toContain('<continue')
    for (const word of words) answer = await stream.say(word, outcome)
    expect(condition(answer)).toBe(expected)
    expect([steps, stream.stream.state.authenticated]).toEqual([0, undefined])
  })

  test('are not asked of whom they do not concern', async () => {
    const stream = rig({ tasks: [second()] })
    await stream.open()
    expect(await attempt(stream, 'PLAIN', plain('romeo', 'other'))).toMatch(/^<success/)
  })
})
