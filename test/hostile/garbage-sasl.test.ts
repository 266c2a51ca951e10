import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { farewell, type Line, openScene, password, type Scene } from './scene.js'

const sasl = 'urn:ietf:params:xml:ns:xmpp-sasl'
const base64 = (text: string) => Buffer.from(text).toString('base64')
const auth = (mechanism: string, text: string) =>
  `<auth xmlns='${sasl}' mechanism='${mechanism}'>${text}</auth>`
const response = (text: string) => `<response xmlns='${sasl}'>${text}</response>`
const limits = { maxFailuresPerAddress: Infinity, maxFailuresPerAccount: Infinity }

let scene: Scene
let line: Line
beforeAll(async () => {
  scene = await openScene({ throttle: limits })
})
beforeEach(async () => {
  line = scene.line()
  await line.client.open()
})
afterAll(() => scene[Symbol.asyncDispose]())

/** The condition of the failure the server answers with. */
async function failureOf(said: string): Promise<string> {
  line.send(said)
  const failure = await line.client.expect(`<failure xmlns='${sasl}'/>`)
  return failure.children[0]!.name
}

/** Begins SCRAM and answers with the server's first message. */
async function challenge(name = 'mallory'): Promise<string> {
  line.send(auth('SCRAM-SHA-1', base64(`n,,n=${name},r=abcdefgh`)))
  const element = await line.client.expect(`<challenge xmlns='${sasl}'/>`)
  return Buffer.from(element.text(), 'base64').toString()
}

/** Whatever was said, the right password still logs in on the same stream. */
async function stillLogsIn(): Promise<void> {
  line.send(auth('PLAIN', base64(`\0mallory\0${password}`)))
  await line.client.expect(`<success xmlns='${sasl}'/>`)
  line.client.cut()
}

describe('what begins a login', () => {
  test.each([
    ['A-1: a mechanism nobody knows', auth('ROT13', ''), 'invalid-mechanism'],
    ['A-1: a mechanism that is not offered', auth('ANONYMOUS', ''), 'invalid-mechanism'],
    ['A-1: a mechanism that is not offered here', auth('EXTERNAL', '='), 'invalid-mechanism'],
    ['A-1: no mechanism', `<auth xmlns='${sasl}'/>`, 'invalid-mechanism'],
    ['A-1: a mechanism named like a member of every object', auth('__proto__', ''), 'invalid-mechanism'],
    ['A-1: one that is constructor', auth('constructor', ''), 'invalid-mechanism'],
    ['A-1: a mechanism in lower case', auth('plain', base64('\0mallory\0x')), 'invalid-mechanism'],
    ['A-2: what is not base64', auth('PLAIN', '!!!'), 'incorrect-encoding'],
    ['A-2: base64 with white space', auth('PLAIN', 'AG1h bGxv cnkAeA=='), 'incorrect-encoding'],
    ['A-2: base64 with the wrong padding', auth('PLAIN', 'AG1hbGxvcnkAeA='), 'incorrect-encoding'],
    ['A-2: base64 for URLs', auth('PLAIN', '_-__'), 'incorrect-encoding'],
    ['A-2: base64 that ends in stray bits', auth('PLAIN', 'AG1hbGxvcnkAeB=='), 'incorrect-encoding'],
    ['A-3: an abort of nothing', `<abort xmlns='${sasl}'/>`, 'aborted'],
    ['A-3: a response to nothing', response(base64('x')), 'malformed-request'],
    ['A-3: elements within', auth('PLAIN', '<x/>'), 'malformed-request'],
    ['A-8: PLAIN with one separator', auth('PLAIN', base64('mallory\0x')), 'malformed-request'],
    ['A-8: PLAIN with three', auth('PLAIN', base64('\0mallory\0x\0')), 'malformed-request'],
    ['A-8: PLAIN without a name', auth('PLAIN', base64('\0\0x')), 'malformed-request'],
    ['A-8: PLAIN without a password', auth('PLAIN', base64('\0mallory\0')), 'malformed-request'],
    [
      'A-8: PLAIN in bytes that are no text',
      auth('PLAIN', Buffer.from([0, 0x6d, 0, 0xff]).toString('base64')),
      'malformed-request',
    ],
    [
      'A-6: the right password for another name',
      auth('PLAIN', base64(`juliet\0mallory\0${password}`)),
      'invalid-authzid',
    ],
    [
      'A-9: SCRAM with a channel binding it has not',
      auth('SCRAM-SHA-1', base64('p=tls-unique,,n=mallory,r=abc')),
      'malformed-request',
    ],
    [
      'A-12: SCRAM with an extension it must know',
      auth('SCRAM-SHA-1', base64('n,,m=x,n=mallory,r=abc')),
      'malformed-request',
    ],
    [
      'A-12: SCRAM with a stray equals sign',
      auth('SCRAM-SHA-1', base64('n,,n=ma=llory,r=abc')),
      'malformed-request',
    ],
    ['A-3: SCRAM that is not SCRAM', auth('SCRAM-SHA-1', base64('\0\u0001\ud7ff')), 'malformed-request'],
    ['A-3: SCRAM without a nonce', auth('SCRAM-SHA-1', base64('n,,n=mallory')), 'malformed-request'],
  ])('%s', async (_what, said, condition) => {
    expect(await failureOf(said)).toBe(condition)
    await stillLogsIn()
  })
})

describe('what goes on with it', () => {
  test.each([
    ['A-3: garbage', () => 'garbage', 'malformed-request'],
    ['A-11: another nonce', () => `c=biws,r=somebodyelse,p=${base64('x'.repeat(20))}`, 'not-authorized'],
    [
      'A-10: another channel binding',
      (r: string) => `c=eSws,r=${r},p=${base64('x'.repeat(20))}`,
      'not-authorized',
    ],
    ['A-13: a proof of the wrong length', (r: string) => `c=biws,r=${r},p=eA==`, 'not-authorized'],
    ['A-13: a wrong proof', (r: string) => `c=biws,r=${r},p=${base64('x'.repeat(20))}`, 'not-authorized'],
    ['A-13: a proof that is no base64', (r: string) => `c=biws,r=${r},p=?`, 'malformed-request'],
  ])('%s', async (_what, answer, condition) => {
    const nonce = /r=([^,]*)/.exec(await challenge())![1]!
    const got = await failureOf(response(base64(answer(nonce))))
    // Nobody is told more than that it was not right; what is no SCRAM at all may be called so.
    expect([condition, 'malformed-request']).toContain(got)
    if (condition === 'not-authorized') expect(got).not.toBe('invalid-authzid')
    await stillLogsIn()
  })

  test('A-3: an abort amid', async () => {
    await challenge()
    expect(await failureOf(`<abort xmlns='${sasl}'/>`)).toBe('aborted')
    await stillLogsIn()
  })

  test('A-2: what is not base64 amid', async () => {
    await challenge()
    expect(await failureOf(response('%%'))).toBe('incorrect-encoding')
    await stillLogsIn()
  })

  test('A-5 L-6: a name that does not exist gets a challenge like any other, the same each time', async () => {
    const salts: string[] = []
    for (const name of ['nobody', 'nobody', 'juliet']) {
      line.client.cut()
      line = scene.line()
      await line.client.open()
      const first = await challenge(name)
      expect(first).toMatch(/^r=abcdefgh[^,]{22,},s=[A-Za-z0-9+/]{22,}={0,2},i=4096,h=[^,]+,t=0304$/)
      salts.push(/s=([^,]*)/.exec(first)![1]!)
      const nonce = /r=([^,]*)/.exec(first)![1]!
      expect(await failureOf(response(base64(`c=biws,r=${nonce},p=${base64('x'.repeat(20))}`)))).toBe(
        'not-authorized',
      )
    }
    expect(salts[0]).toBe(salts[1])
    expect(salts[0]!.length).toBe(salts[2]!.length)
    line.client.cut()
  })
})

test('A-4: after five failures the stream ends', async () => {
  for (let i = 0; i < 4; i++)
    expect(await failureOf(auth('PLAIN', base64('\0mallory\0no')))).toBe('not-authorized')
  line.forget()
  line.send(auth('PLAIN', base64('\0mallory\0no')))
  const said = await line.gone
  expect(said).toContain('<not-authorized')
  expect(said.slice(said.indexOf('</failure>') + 10)).toMatch(
    farewell('policy-violation', { withHeader: false }),
  )
})

test('A-4 L-1: guessing is slowed down over connections, and the owner still gets in', async () => {
  await using guarded = await openScene({ throttle: { maxFailuresPerAddress: 10 } })
  const attempt = async (remoteAddress: string, secret: string) => {
    const guess = guarded.line({ remoteAddress })
    await guess.client.open()
    guess.send(auth('PLAIN', base64(`\0juliet\0${secret}`)))
    const answer = await guess.client.receive()
    guess.client.cut()
    return answer.name === 'success' ? 'success' : answer.children[0]!.name
  }
  const outcomes: string[] = []
  for (let i = 0; i < 12; i++) outcomes.push(await attempt('192.0.2.66', `guess ${i}`))
  expect(outcomes.slice(0, 10)).toEqual(outcomes.slice(0, 10).map(() => 'not-authorized'))
  expect(outcomes.slice(10)).toEqual(['temporary-auth-failure', 'temporary-auth-failure'])
  expect(await attempt('192.0.2.66', password)).toBe('temporary-auth-failure')
  expect(await attempt('192.0.2.1', password)).toBe('success')
})
