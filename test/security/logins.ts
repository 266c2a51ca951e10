import { type ClientMechanism, createSaslClient, encodeBase64, hashedTokenClient } from '@xmppkit/sasl'
import { NS } from '@xmppkit/stanza'
import type { RawElement } from '@xmppkit/xml'
import { password, type Scene, type Visitor } from './scene.js'

/** The two profiles of SASL. */
export const profiles = ['SASL', 'SASL2'] as const
export type Profile = (typeof profiles)[number]

/** The mechanisms a list of features offers, in order. */
export function offered(features: RawElement, profile: Profile): readonly string[] {
  const list =
    profile === 'SASL' ? features.child('mechanisms', NS.sasl) : features.child('authentication', NS.sasl2)
  return list?.children.flatMap(({ name }, i) => (name === 'mechanism' ? [list.childAt(i).text()] : [])) ?? []
}

/** The channel bindings it offers (XEP-0440). */
export function offeredBindings(features: RawElement): readonly string[] {
  const list = features.child('sasl-channel-binding', NS.saslChannelBinding)
  return list?.children.map((_, i) => list.childAt(i).attr('type') ?? '') ?? []
}

/** What a client says of itself. */
export interface Claim {
  readonly username?: string
  readonly secret?: string
  /** The identity to act as. */
  readonly authzid?: string
}

/** The client's half of any mechanism; it does what an attacker asks, not what is wise. */
export function mechanismOf(name: string, claim: Claim, bindings: Visitor['bindings']): ClientMechanism {
  const { username = 'mallory', secret = password, authzid } = claim
  if (name === 'EXTERNAL') return oneMessage(name, authzid ?? '')
  if (name === 'OAUTHBEARER') {
    const identity = authzid ? `a=${authzid.replaceAll('=', '=3D').replaceAll(',', '=2C')}` : ''
    return oneMessage(name, `n,${identity},\u0001auth=Bearer ${secret}\u0001\u0001`)
  }
  const channelBindings = name.endsWith('-PLUS') ? bindings : new Map<string, Uint8Array>()
  const client = createSaslClient(
    { username, password: secret, channelBindings, ...(authzid !== undefined && { authzid }) },
    { mechanisms: [name], allowCleartext: true },
  ).begin(name)
  if (client === undefined) throw new Error(`no mechanism ${name}`)
  return client
}

function oneMessage(name: string, text: string): ClientMechanism {
  return { name, start: () => Buffer.from(text), next: () => Buffer.from('\u0001'), finish: () => {} }
}

/** One way through a login. */
export interface Login {
  readonly profile: Profile
  readonly mechanism: Pick<ClientMechanism, 'name' | 'start' | 'next'>
  /** Further XML inside `<authenticate/>`. @default '' */
  readonly more?: string
  /** Somebody in between changes what the server says. @default nobody */
  readonly tamper?: (challenge: string) => string
}

/** How it ended. */
export interface Outcome {
  /** `success`, or the condition of the failure. */
  readonly word: string
  readonly answer: RawElement
  /** What the server has challenged with, as text. */
  readonly challenges: readonly string[]
  /** What the client has said, as it could be overheard. */
  readonly said: readonly string[]
}

/** Logs in, or tries to; the stream stays as it is. */
export async function login({ client }: Visitor, attempt: Login): Promise<Outcome> {
  const { profile, mechanism, more = '', tamper = (text) => text } = attempt
  const ns = profile === 'SASL' ? NS.sasl : NS.sasl2
  const said: string[] = []
  const challenges: string[] = []
  const say = (text: string) => {
    said.push(text)
    client.send(text)
  }
  const initial = encodeBase64((await mechanism.start()) ?? new Uint8Array())
  say(request(profile, mechanism.name, initial, more))
  for (;;) {
    const answer = await client.receive()
    if (answer.name !== 'challenge') return { word: wordOf(answer), answer, challenges, said }
    const challenge = Buffer.from(answer.text(), 'base64').toString()
    challenges.push(challenge)
    const response = await mechanism.next(Buffer.from(tamper(challenge)))
    say(`<response xmlns='${ns}'>${encodeBase64(response)}</response>`)
  }
}

/** The first element of a login. */
export function request(profile: Profile, mechanism: string, initial: string, more = ''): string {
  return profile === 'SASL'
    ? `<auth xmlns='${NS.sasl}' mechanism='${mechanism}'>${initial === '' ? '=' : initial}</auth>`
    : `<authenticate xmlns='${NS.sasl2}' mechanism='${mechanism}'><initial-response>${initial}</initial-response>${more}</authenticate>`
}

/** Says that very thing and waits for what comes of it. */
export async function repeat({ client }: Visitor, text: string): Promise<string> {
  client.send(text)
  return wordOf(await client.receive())
}

function wordOf(answer: RawElement): string {
  return answer.name === 'failure' ? (answer.children[0]?.name ?? '') : answer.name
}

/** An installation of a client. */
export const phone = 'd4565fa7-4d72-4749-b3d3-740edbf87770'
export const laptop = 'd4565fa7-4d72-4749-b3d3-740edbf87771'

/** What a login adds to be that installation. */
export const agent = (id: string) => `<user-agent id='${id}'/>`

/** Logs in with a password and asks for a token. */
export async function tokenOf(
  scene: Scene,
  about: { username: string; client: string; mechanism: string },
): Promise<string> {
  const visitor = await scene.visit()
  const more = `${agent(about.client)}<request-token xmlns='urn:xmpp:fast:0' mechanism='${about.mechanism}'/>`
  const mechanism = mechanismOf('SCRAM-SHA-256-PLUS', { username: about.username }, visitor.bindings)
  const { word, answer } = await login(visitor, { profile: 'SASL2', mechanism, more })
  visitor.client.cut()
  const token = answer.child('token', 'urn:xmpp:fast:0')?.attr('token')
  if (word !== 'success' || token === undefined) throw new Error(`no token: ${word}`)
  return token
}

/** The use of a token. */
export interface TokenLogin {
  readonly username?: string
  readonly token: string
  readonly client: string
  /** Such as `HT-SHA-256-EXPR`. */
  readonly mechanism: string
  /** Attributes of `<fast/>`. @default '' */
  readonly fast?: string
  /** Further XML inside `<authenticate/>`. @default '' */
  readonly more?: string
}

/** A login with a token, for {@link login}. */
export function withToken(use: TokenLogin, bindings: Visitor['bindings']): Login {
  const binding = use.mechanism.slice('HT-SHA-256-'.length) as 'NONE' | 'ENDP' | 'EXPR'
  const { username = 'mallory', token } = use
  return {
    profile: 'SASL2',
    mechanism: hashedTokenClient({ username, token, binding, channelBindings: bindings }),
    more: `${agent(use.client)}<fast xmlns='urn:xmpp:fast:0' ${use.fast ?? ''}/>${use.more ?? ''}`,
  }
}
