import { AccountsService } from '@xmppkit/auth/module'
import { parseJid } from '@xmppkit/jid'
import { hashedTokenClient } from '@xmppkit/sasl'
import { NS } from '@xmppkit/stanza'
import { authenticate2 } from '@xmppkit/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { domain, openScene, password, type Scene } from './scene.js'

const phone = 'd4565fa7-4d72-4749-b3d3-740edbf87770'
const laptop = 'd4565fa7-4d72-4749-b3d3-740edbf87771'
const request = "<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/>"
let scene: Scene
beforeAll(async () => {
  // Guesses are not what this is about.
  scene = await openScene({ throttle: { maxFailuresPerAddress: 1_000, maxFailuresPerAccount: 1_000 } })
})
afterAll(async () => await scene[Symbol.asyncDispose]())

async function tokenOf(username: string, clientId: string): Promise<string> {
  const line = scene.line()
  const { features } = await line.client.open()
  const login = { username, password, clientId, more: request }
  const { token } = await authenticate2(line.client, features, login)
  line.client.cut()
  if (token === undefined) throw new Error('no token')
  return token
}

/** What is overheard of a login with a token. */
async function overheard(username: string, token: string, clientId: string, count: string): Promise<string> {
  const proof = hashedTokenClient({ username, token, binding: 'NONE' })
  const initial = Buffer.from((await proof.start()) ?? []).toString('base64')
  return `<authenticate xmlns='${NS.sasl2}' mechanism='${proof.name}'><initial-response>${initial}</initial-response><user-agent id='${clientId}'/><bind xmlns='${NS.bind2}'><tag>t</tag></bind><fast xmlns='urn:xmpp:fast:0'${count}/></authenticate>`
}

async function say(text: string): Promise<string> {
  const line = scene.line()
  await line.client.open()
  line.send(text)
  const answer = await line.client.receive()
  line.client.cut()
  return answer.name === 'success' ? 'success' : (answer.children[0]?.name ?? answer.name)
}

describe('SEC-32', () => {
  test('a login that counts is good once, however often it is sent', async () => {
    const token = await tokenOf('mallory', phone)
    const once = await overheard('mallory', token, phone, " count='1'")
    expect(await say(once)).toBe('success')
    for (let n = 0; n < 3; n++) expect(await say(once)).toBe('not-authorized')
    const tokens = await Promise.all(
      [2, 2, 2, 2].map((n) => overheard('mallory', token, phone, ` count='${n}'`)),
    )
    const outcomes = await Promise.all(tokens.map(say))
    expect(outcomes.filter((outcome) => outcome === 'success')).toHaveLength(1)
  })

  test('a token is of no use to another account or another installation', async () => {
    const token = await tokenOf('mallory', phone)
    await tokenOf('juliet', phone)
    await tokenOf('mallory', laptop)
    expect(await say(await overheard('juliet', token, phone, ''))).toBe('not-authorized')
    expect(await say(await overheard('mallory', token, laptop, ''))).toBe('not-authorized')
    expect(await say(await overheard('mallory', token, phone, ''))).toBe('success')
  })

  test('a token is of no use with another mechanism, nor as a password', async () => {
    const token = await tokenOf('mallory', phone)
    const message = await overheard('mallory', token, phone, '')
    expect(await say(message.replace('HT-SHA-256-NONE', 'HT-SHA-256-EXPR'))).toBe('invalid-mechanism')
    const plain = Buffer.from(`\0mallory\0${token}`).toString('base64')
    expect(
      await say(
        `<authenticate xmlns='${NS.sasl2}' mechanism='PLAIN'><initial-response>${plain}</initial-response></authenticate>`,
      ),
    ).toBe('not-authorized')
  })

  test('A-20: a token is of no use after a new password, which ended the session it made too', async () => {
    const token = await tokenOf('mallory', phone)
    const line = scene.line()
    await line.client.open()
    line.send(await overheard('mallory', token, phone, ''))
    await line.client.expect(`<success xmlns='${NS.sasl2}'/>`)
    const accounts = scene.server.host().get(AccountsService)
    await accounts.changePassword(parseJid(`mallory@${domain}`).bare, password)
    expect(await line.gone).toContain('<not-authorized')
    expect(await say(await overheard('mallory', token, phone, ''))).toBe('not-authorized')
  })

  test('SEC-33: no token, proof or id of a client reaches the log', async () => {
    const token = await tokenOf('mallory', phone)
    const message = await overheard('mallory', token, phone, '')
    await say(message)
    const proof = /<initial-response>([^<]+)/.exec(message)?.[1] ?? ''
    for (const secret of [token, proof, phone]) expect(scene.log.join('\n')).not.toContain(secret)
  })

  test('nobody else noticed', async () => {
    await scene.othersChat()
    expect(scene.errors()).toEqual([])
  })
})
