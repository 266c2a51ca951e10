import { AccountsService } from '@xmppkit/auth/module'
import { sessionPending } from '@xmppkit/c2s'
import { parseJid } from '@xmppkit/jid'
import { sessionClosed } from '@xmppkit/sessions'
import { SessionsService } from '@xmppkit/sessions/module'
import { NS } from '@xmppkit/stanza'
import { type ManagedClient, manageStream } from '@xmppkit/testing'
import type { RawElement } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import {
  agent,
  login,
  mechanismOf,
  type Profile,
  phone,
  profiles,
  request,
  tokenOf,
  withToken,
} from './logins.js'
import { domain, everyWay, otherDomain, password, type Scene } from './scene.js'

const minute = 60_000
const sm = NS.streamManagement

/** What a failed resumption says, whole: nobody may learn more from it than from any other. */
const shown = (el: RawElement | undefined) => String(el?.toWire())

/** Logs somebody in with stream management. */
async function managed(scene: Scene, name: string, resource = 'r'): Promise<ManagedClient> {
  const client = manageStream(await scene.person(name, resource, ''))
  await client.enable()
  return client
}

/** Cuts a connection and waits until its session waits to be resumed. */
async function cut(scene: Scene, { client }: ManagedClient): Promise<void> {
  const jid = client.jid.toString()
  const { hooks } = scene.server.host()
  const waits = new Promise<void>((resolve) => {
    const check = ({ session }: { readonly session: { readonly jid: { toString(): string } } }) => {
      if (session.jid.toString() === jid) resolve()
    }
    hooks.on(sessionPending, check)
    hooks.on(sessionClosed, check)
  })
  client.cut()
  await waits
}

/** Tries to resume by one of the two ways there are; the answer, whatever it is. */
async function tryResume(
  scene: Scene,
  profile: Profile,
  name: string,
  { id, h = 0, to = domain }: { id: string; h?: number | string; to?: string },
): Promise<RawElement> {
  const visitor = await scene.visit({ to })
  const mechanism = mechanismOf('PLAIN', { username: name }, visitor.bindings)
  const resume = `<resume xmlns='${sm}' previd='${id}' h='${h}'/>`
  const { answer } = await login(visitor, { profile, mechanism, more: resume })
  if (profile === 'SASL2') {
    const found = answer.child('resumed', sm) ?? answer.child('failed', sm)
    if (found === undefined) throw new Error(`no answer in ${answer.toWire()}`)
    return found
  }
  await visitor.client.open()
  visitor.client.send(resume)
  return visitor.client.receive()
}

/** Whether the owner still gets it back. */
async function expectStillThere(scene: Scene, owner: ManagedClient): Promise<void> {
  const answer = await tryResume(scene, 'SASL', owner.client.jid.local, { id: owner.id, h: owner.handled })
  expect(answer.name).toBe('resumed')
}

const failedWith = (condition: string, h?: number) =>
  expect.stringMatching(
    new RegExp(`^<failed xmlns=["']${sm}["']${h === undefined ? '' : ` h=["']${h}["']`}><${condition} `),
  )

describe.each(everyWay)('SEC-31: the session of somebody else, %s', (_name, way) => {
  test.each(profiles)('SEC-31: %s: a stolen id is as good as none to another account', async (profile) => {
    await using scene = await way.open()
    const juliet = await managed(scene, 'juliet')
    const unknown = 'x'.repeat(juliet.id.length)
    const attempts = async () => {
      const stolen = shown(await tryResume(scene, profile, 'mallory', { id: juliet.id }))
      const nobodys = shown(await tryResume(scene, profile, 'mallory', { id: unknown }))
      expect(stolen).toBe(nobodys)
      expect(stolen).toEqual(failedWith('item-not-found'))
    }
    await attempts()
    await cut(scene, juliet)
    await attempts()
    await expectStillThere(scene, juliet)
  })

  test.each(profiles)(
    'SEC-31: %s: nor to the account of the same name at another domain',
    async (profile) => {
      await using scene = await way.open()
      const juliet = await managed(scene, 'juliet')
      await cut(scene, juliet)
      const answer = await tryResume(scene, profile, 'juliet', { id: juliet.id, to: otherDomain })
      expect(shown(answer)).toEqual(failedWith('item-not-found'))
      await expectStillThere(scene, juliet)
    },
  )

  test('SEC-31: a token of another account does not get it either', async () => {
    await using scene = await way.open()
    const juliet = await managed(scene, 'juliet')
    await cut(scene, juliet)
    const mechanism = 'HT-SHA-256-NONE'
    const token = await tokenOf(scene, { username: 'mallory', client: phone, mechanism })
    const visitor = await scene.visit()
    const more = `<resume xmlns='${sm}' previd='${juliet.id}' h='0'/>`
    const { answer } = await login(
      visitor,
      withToken({ token, client: phone, mechanism, more }, visitor.bindings),
    )
    expect(shown(answer.child('failed', sm))).toEqual(failedWith('item-not-found'))
    await expectStillThere(scene, juliet)
  })

  test.each(profiles)('SEC-31: %s: a login that fails resumes nothing', async (profile) => {
    await using scene = await way.open()
    const juliet = await managed(scene, 'juliet')
    await cut(scene, juliet)
    const resume = `<resume xmlns='${sm}' previd='${juliet.id}' h='0'/>`
    const visitor = await scene.visit()
    const wrong = mechanismOf('PLAIN', { username: 'juliet', secret: 'no' }, visitor.bindings)
    const { word, answer } = await login(visitor, { profile, mechanism: wrong, more: resume })
    expect(word).toBe('not-authorized')
    expect(answer.has('resumed', sm)).toBe(false)
    const identity = mechanismOf('PLAIN', { authzid: `juliet@${domain}` }, visitor.bindings)
    expect((await login(visitor, { profile, mechanism: identity, more: resume })).word).toBe(
      'invalid-authzid',
    )
    await expectStillThere(scene, juliet)
  })

  test('SEC-31: nobody resumes before a login, nor amid one', async () => {
    await using scene = await way.open()
    const juliet = await managed(scene, 'juliet')
    await cut(scene, juliet)
    const resume = `<resume xmlns='${sm}' previd='${juliet.id}' h='0'/>`
    const early = await scene.visit()
    early.client.send(resume)
    expect(shown(await early.client.receive())).toEqual(failedWith('unexpected-request'))
    const first = Buffer.from('n,,n=juliet,r=abcdefghijklmnop').toString('base64')
    for (const profile of profiles) {
      const amid = await scene.visit()
      amid.client.send(request(profile, 'SCRAM-SHA-256', first, agent(phone)))
      expect((await amid.client.receive()).name).toBe('challenge')
      amid.client.send(resume)
      await amid.client.expect(
        `<error xmlns='${NS.streams}'><not-authorized xmlns='${NS.streamErrors}'/></error>`,
      )
    }
    await expectStillThere(scene, juliet)
  })

  test.each(profiles)(
    'SEC-31: %s: after it has ended it is gone, and only its account learns what was handled',
    async (profile) => {
      await using scene = await way.open({
        streamManagement: { resumeTimeoutMs: minute, ackTimeoutMs: Infinity },
      })
      const juliet = await managed(scene, 'juliet')
      juliet.send('<presence/>')
      expect(await juliet.settle()).toBe(1)
      await cut(scene, juliet)
      await scene.clock.advance(minute + 1)
      expect(shown(await tryResume(scene, profile, 'mallory', { id: juliet.id }))).toEqual(
        failedWith('item-not-found'),
      )
      expect(shown(await tryResume(scene, profile, 'juliet', { id: juliet.id }))).toEqual(
        failedWith('item-not-found', 1),
      )
    },
  )

  test.each(profiles)('SEC-31: %s: after a goodbye it is gone', async (profile) => {
    await using scene = await way.open()
    const juliet = await managed(scene, 'juliet')
    await juliet.client.close()
    for (const name of ['juliet', 'mallory'])
      expect(shown(await tryResume(scene, profile, name, { id: juliet.id }))).toEqual(
        failedWith('item-not-found'),
      )
  })

  test.each(profiles)(
    'A-20 SEC-31: %s: a new password, a lock or the end of the account ends what waits',
    async (profile) => {
      await using scene = await way.open()
      const accounts = scene.server.host().get(AccountsService)
      const account = parseJid(`juliet@${domain}`).bare
      const ways = [
        () => accounts.changePassword(account, password),
        async () => {
          await accounts.setDisabled(account, 'for a test')
          await accounts.setDisabled(account, undefined)
        },
        async () => {
          await accounts.remove(account)
          // Its sessions end a turn later: one of them may have asked for it.
          await scene.clock.advance(0)
          await accounts.register(account, password)
        },
      ]
      for (const end of ways) {
        const juliet = await managed(scene, 'juliet')
        await cut(scene, juliet)
        await end()
        const answer = await tryResume(scene, profile, 'juliet', { id: juliet.id })
        expect(shown(answer)).toContain('<item-not-found')
        expect(scene.server.host().get(SessionsService).resources(account)).toEqual([])
      }
    },
  )

  test.each(profiles)(
    'SEC-31: %s: a count that cannot be leaves it for who knows better',
    async (profile) => {
      await using scene = await way.open()
      const juliet = await managed(scene, 'juliet')
      await cut(scene, juliet)
      for (const [h, condition] of [
        [1, 'item-not-found'],
        [4_294_967_295, 'item-not-found'],
        [4_294_967_296, 'bad-request'],
        ['-1', 'bad-request'],
        ['', 'bad-request'],
        ['zero', 'bad-request'],
      ] as const) {
        const answer = await tryResume(scene, profile, 'juliet', { id: juliet.id, h })
        expect([h, shown(answer)]).toEqual([h, failedWith(condition)])
      }
      await expectStillThere(scene, juliet)
    },
  )

  test('SEC-31: of many who resume at once one has it in the end, and nothing is said twice', async () => {
    await using scene = await way.open()
    const juliet = await managed(scene, 'juliet')
    const romeo = await managed(scene, 'romeo')
    await cut(scene, juliet)
    romeo.send(`<message to='${juliet.client.jid}' type='chat' id='m'><body>once</body></message>`)
    await romeo.settle()
    const visitors = []
    for (let n = 0; n < 4; n++) {
      const visitor = await scene.visit()
      const mechanism = mechanismOf('PLAIN', { username: 'juliet' }, visitor.bindings)
      await login(visitor, { profile: 'SASL', mechanism })
      await visitor.client.open()
      visitors.push(visitor.client)
    }
    for (const client of visitors) client.send(`<resume xmlns='${sm}' previd='${juliet.id}' h='0'/>`)
    const answers = await Promise.all(visitors.map((client) => client.receive()))
    expect(answers.every(({ name }) => name === 'resumed' || name === 'failed')).toBe(true)
    const resources = scene.server.host().get(SessionsService).resources(juliet.client.jid.bare)
    expect(resources.map(({ jid }) => jid.toString())).toEqual([juliet.client.jid.toString()])
    // Those it was taken from have been told so; the one that has it got what was missed.
    let alive = 0
    for (const client of visitors) {
      const ended = Symbol('ended')
      const outcome = await Promise.race([
        client.ended.then(() => ended),
        client.settle().then(() => 'alive'),
      ])
      if (outcome !== ended) alive += 1
    }
    expect(alive).toBe(1)
    expect(scene.errors()).toEqual([])
  })

  test('SEC-31 SEC-14: ids cannot be guessed from each other', async () => {
    await using scene = await way.open({ sessions: { maxPerAccount: 50 } })
    const ids = new Set<string>()
    for (let n = 0; n < 10; n++) ids.add((await managed(scene, 'juliet', `r${n}`)).id)
    expect(ids.size).toBe(10)
    for (const id of ids) expect(id.length).toBeGreaterThanOrEqual(22) // 128 bits in base64
    expect(new Set([...ids].map((id) => id.slice(0, 6))).size).toBe(10)
    expect(new Set([...ids].map((id) => id.slice(-6))).size).toBe(10)
  })
})
