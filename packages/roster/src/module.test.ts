import { userData } from '@xmppkit/auth'
import { authModule, ExternalAccountsService } from '@xmppkit/auth/module'
import { createC2sPort } from '@xmppkit/c2s'
import { C2sService, c2sModule, localRouteModule } from '@xmppkit/c2s/module'
import { createHooks, isDrop } from '@xmppkit/hooks'
import { iqModule } from '@xmppkit/iq/module'
import { parseJid } from '@xmppkit/jid'
import { createHost, provide, use } from '@xmppkit/module'
import { createRouter } from '@xmppkit/router'
import { RouterService } from '@xmppkit/router/module'
import { createCountingIds, createManualClock, silentLogger } from '@xmppkit/runtime'
import { sessionsModule } from '@xmppkit/sessions/module'
import type { Transport } from '@xmppkit/stream'
import { parseElement, textFromWire } from '@xmppkit/xml'
import { expect, test } from 'vitest'
import { settled } from './fake-host.js'
import { memoryRosterModule, RosterService, rosterModule } from './module.js'
import type { RosterOptions } from './roster-options.js'

async function start(options: RosterOptions = {}) {
  const deps = { clock: createManualClock(), ids: createCountingIds('id'), logger: silentLogger }
  const router = createRouter({ hooks: createHooks({ onError: () => {} }), logger: silentLogger })
  const passwords = { verifyPassword: () => true }
  const host = await createHost(deps, {
    name: 'main',
    domains: ['example.com'],
    services: [provide(RouterService, router), provide(ExternalAccountsService, { passwords })],
    modules: [
      use(iqModule),
      use(authModule),
      use(sessionsModule),
      use(localRouteModule),
      use(c2sModule),
      use(memoryRosterModule),
      use(rosterModule, { maxItems: 1, ...options }),
    ],
  })
  const port = createC2sPort({ ...deps, find: () => host.get(C2sService) })
  return { host, port }
}

/** A client over a stream, by hand. */
function connect(port: Awaited<ReturnType<typeof start>>['port']) {
  let written = ''
  const transport: Transport = {
    framing: 'stream',
    remoteAddress: '192.0.2.7',
    tls: { protocol: 'TLSv1.3' },
    canStartTls: false,
    write(wire) {
      written += textFromWire(wire)
      return true
    },
    flushed: (done) => done(),
    pause() {},
    resume() {},
    end: () => sink.disconnected(),
    destroy() {},
  }
  const sink = port.accept(transport)
  return async (text: string) => {
    sink.receive(Buffer.from(text))
    await settled()
    const heard = written
    written = ''
    return heard
  }
}

const header =
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='example.com' version='1.0'>"

async function logIn(say: (text: string) => Promise<string>, user: string): Promise<string> {
  await say(header)
  const plain = Buffer.from(`\0${user}\0secret`).toString('base64')
  await say(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${plain}</auth>`)
  const features = await say(header)
  await say(
    "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind></iq>",
  )
  return features
}

test('R-11 P-1: the module serves clients over streams, and says so in their features', async () => {
  const { host, port } = await start()
  const [ann, bob] = [connect(port), connect(port)]
  const features = await logIn(ann, 'ann')
  await logIn(bob, 'bob')
  expect(features).toMatch(/<ver xmlns=["']urn:xmpp:features:rosterver["']\/>/)
  expect(features).toMatch(/<sub xmlns=["']urn:xmpp:features:pre-approval["']\/>/)
  expect(host.xeps().map((xep) => xep.number)).toContain('0237')

  await bob("<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq><presence/>")
  expect(await ann("<presence type='subscribe' to='bob@example.com/r'/><presence/>")).toContain(
    'ann@example.com/r',
  )
  const heard = await bob("<presence type='subscribed' to='ann@example.com'/>")
  expect(heard).toMatch(/<presence (?=[^>]*from=["']ann@example.com["'])(?=[^>]*type=["']subscribe["'])/)
  expect(heard).toMatch(/<item [^>]*subscription=["']from["']/)
  expect(await bob("<presence type='subscribe' to='other@example.com'/>")).toContain('<resource-constraint')

  const roster = host.get(RosterService)
  const { jid } = (await roster.items(parse('ann')))[0]!
  expect(jid.toString()).toBe('bob@example.com')
  expect(await roster.maySee(parse('ann'), parse('bob'))).toBe(true)
  expect(await roster.maySee(parse('bob'), parse('ann'))).toBe(false)
  await host.close()
})

test('what is imported is seen by a host that keeps rosters in memory', async () => {
  const { host } = await start({ cachedItems: 100 })
  const roster = host.get(RosterService)
  expect(await roster.items(parse('ann'))).toEqual([])
  const parts = await host.hooks.fold(userData, [])
  const item = parseElement("<item xmlns='jabber:iq:roster' jid='bob@example.com' subscription='from'/>")
  const within = { name: 'query', ns: 'jabber:iq:roster' }
  for (const part of isDrop(parts) ? [] : parts)
    if (part.name === 'roster') await part.import?.(parse('ann'), item, within)
  expect(await roster.maySee(parse('bob'), parse('ann'))).toBe(true)
  await host.close()
})

function parse(user: string) {
  return parseJid(`${user}@example.com`).bare
}
