import { createSaslClient, encodeBase64, hashedTokenClient } from '@xmppkit/sasl'
import { NS } from '@xmppkit/stanza'
import { authenticate2 } from '@xmppkit/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { domain, openScene, password, type Scene } from './scene.js'

const clientId = 'd4565fa7-4d72-4749-b3d3-740edbf87770'
let scene: Scene
beforeAll(async () => {
  // Guesses are not what this is about.
  scene = await openScene({ throttle: { maxFailuresPerAddress: 1_000, maxFailuresPerAccount: 1_000 } })
})
afterAll(async () => await scene[Symbol.asyncDispose]())

/** Everything somebody may put where the identity to act as goes. */
const identities = [
  `juliet@${domain}`,
  `JULIET@${domain}`,
  `juliet@${domain}/r`,
  `mallory@${domain}/r`,
  'juliet',
  'mallory',
  domain,
  'mallory@elsewhere.test',
  `mallory@x.${domain}`,
  '@',
  ' ',
]

/** The condition of a failure, or the name of whatever else came. */
async function lastWord(
  line: ReturnType<Scene['line']>,
  ns: string,
  respond: (challenge: Uint8Array) => Promise<Uint8Array>,
): Promise<string> {
  for (;;) {
    const answer = await line.client.receive()
    if (answer.name !== 'challenge') return answer.children[0]?.name ?? answer.name
    const response = await respond(Buffer.from(answer.text(), 'base64'))
    line.send(`<response xmlns='${ns}'>${encodeBase64(response)}</response>`)
  }
}

const profiles = {
  SASL: (mechanism: string, initial: string) =>
    `<auth xmlns='${NS.sasl}' mechanism='${mechanism}'>${initial}</auth>`,
  SASL2: (mechanism: string, initial: string) =>
    `<authenticate xmlns='${NS.sasl2}' mechanism='${mechanism}'><initial-response>${initial}</initial-response></authenticate>`,
} as const

describe('SEC-9: right credentials with the identity of somebody else', () => {
  for (const profile of ['SASL', 'SASL2'] as const) {
    const ns = profile === 'SASL' ? NS.sasl : NS.sasl2
    test.each(['PLAIN', 'SCRAM-SHA-1'])(`A-6: get nobody in: ${profile}, %s`, async (mechanism) => {
      for (const authzid of identities) {
        const line = scene.line()
        await line.client.open()
        const options = { mechanisms: [mechanism], allowCleartext: true }
        const client = createSaslClient({ username: 'mallory', password, authzid }, options).begin(mechanism)
        if (client === undefined) throw new Error('no such mechanism')
        const initial = (await client.start()) ?? new Uint8Array()
        line.send(profiles[profile](mechanism, encodeBase64(initial)))
        const word = await lastWord(line, ns, async (challenge) => await client.next(challenge))
        expect([authzid, word]).toEqual([authzid, 'invalid-authzid'])
        line.send('<presence/>')
        expect(await line.gone).toContain('<not-authorized')
      }
    })
  }

  test('A-6: a token has no place for one, and none for another name', async () => {
    const first = scene.line()
    const { features } = await first.client.open()
    const { token = '' } = await authenticate2(first.client, features, {
      username: 'mallory',
      password,
      clientId,
      more: "<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/>",
    })
    for (const username of ['juliet', `juliet@${domain}`, 'nobody', `juliet\u0000mallory`]) {
      const line = scene.line()
      await line.client.open()
      const proof = hashedTokenClient({ username, token, binding: 'NONE' })
      const initial = encodeBase64((await proof.start()) ?? new Uint8Array())
      line.send(
        `<authenticate xmlns='${NS.sasl2}' mechanism='${proof.name}'><initial-response>${initial}</initial-response><user-agent id='${clientId}'/><fast xmlns='urn:xmpp:fast:0'/></authenticate>`,
      )
      expect(['not-authorized', 'malformed-request']).toContain(
        await lastWord(line, NS.sasl2, async () => new Uint8Array()),
      )
    }
  })

  test('A-6: a header in the name of somebody else does not help', async () => {
    const line = scene.line()
    await line.client.open(
      `<stream:stream to='${domain}' from='juliet@${domain}' version='1.0' xmlns='${NS.client}' xmlns:stream='${NS.streams}'>`,
    )
    line.send(profiles.SASL2('PLAIN', Buffer.from(`\0mallory\0${password}`).toString('base64')))
    expect(await lastWord(line, NS.sasl2, async () => new Uint8Array())).toBe('invalid-authzid')
  })
})

test('the others were never disturbed', async () => {
  await scene.othersChat()
  expect(scene.errors()).toEqual([])
})
