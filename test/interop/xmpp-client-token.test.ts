import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { client, xml } from '@xmpp/client'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type ServerProcess, startServer, xmppkit } from '../process/server-process.js'
import { heedEarlyOpen } from './heed-early-open.js'

interface Token {
  readonly mechanism: string
  readonly token: string
}

/** What the declarations of @xmpp/client do not know. */
interface WithTokens {
  readonly fast: {
    fetchToken: () => Promise<Token | undefined>
    saveToken: (token: Token) => Promise<void>
    deleteToken: () => Promise<void>
  }
}

let data = ''
let server: ServerProcess
const options = ['--domain', 'chat.test', '--set', 'accounts.iterations=4096']

beforeAll(async () => {
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
  data = await mkdtemp(join(tmpdir(), 'xmppkit-token-'))
  server = await startServer(data, options)
  await xmppkit('register', 'anna', 'chat.test', 'pw', '--data', data)
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await server.kill()
  await rm(data, { recursive: true })
})

/** One login of one installation; what the client keeps lives in `kept`. */
async function login(kept: { token?: Token | undefined }, password: string) {
  const agent = { id: 'd4565fa7-4d72-4749-b3d3-740edbf87770' }
  const sent: string[] = []
  const xmpp = client({
    service: `xmpps://127.0.0.1:${server.tlsPort}`,
    domain: 'chat.test',
    username: 'anna',
    password,
    resource: 'web',
    userAgent: xml('user-agent', agent),
  } as Parameters<typeof client>[0]) as ReturnType<typeof client> & WithTokens
  Object.assign(xmpp.fast, {
    fetchToken: async () => kept.token,
    saveToken: async (token: Token) => {
      kept.token = token
    },
    deleteToken: async () => {
      kept.token = undefined
    },
  })
  xmpp.on('error', () => {})
  heedEarlyOpen(xmpp)
  xmpp.on('send', (element: { name: string; attrs: Record<string, string> }) => {
    if (element.name === 'authenticate') sent.push(element.attrs.mechanism ?? '')
  })
  try {
    const jid = String(await xmpp.start())
    await xmpp.iqCaller.get(xml('ping', { xmlns: 'urn:xmpp:ping' }), 'chat.test')
    return { jid, sent }
  } finally {
    await xmpp.stop()
  }
}

test('@xmpp/client logs in with SASL2 and Bind 2, then with a token, also after a restart', async () => {
  const kept: { token?: Token } = {}
  const first = await login(kept, 'pw')
  expect(first.sent).toEqual(['SCRAM-SHA-1'])
  expect(first.jid).toMatch(/^anna@chat\.test\/web\/[\w-]{16}$/)
  expect(kept.token).toMatchObject({ mechanism: 'HT-SHA-256-NONE' })

  // No password: only the token can have let it in. The same installation has the same address.
  const second = await login(kept, 'not the password')
  expect(second).toEqual({ jid: first.jid, sent: ['HT-SHA-256-NONE'] })

  await server.stop()
  server = await startServer(data, options)
  expect((await login(kept, 'not the password')).sent).toEqual(['HT-SHA-256-NONE'])

  // A token that was taken away is answered so that the client asks for another with its password.
  await xmppkit('revoke_login_tokens', 'anna@chat.test', '--data', data)
  const before = kept.token
  const third = await login(kept, 'pw')
  expect(third.sent).toEqual(['HT-SHA-256-NONE', 'SCRAM-SHA-1'])
  expect(kept.token?.token).not.toBe(before?.token)
})
