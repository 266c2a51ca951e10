import { AccountsService } from '@xmppkit/auth/module'
import { parseJid } from '@xmppkit/jid'
import { createServer, type Server } from '@xmppkit/server'

/** The domain clients of web pages log in to. */
export const domain = 'chat.test'

/** Everybody's password. */
export const password = 'pw'

/** A server that clients of web pages reach on this machine. */
export interface WebPlace extends AsyncDisposable {
  readonly server: Server
  readonly port: number
  register(...usernames: string[]): Promise<void>
}

/** Starts one. Without TLS, as on a developer's machine: the libraries are about what goes over it. */
export async function openWebPlace(): Promise<WebPlace> {
  const server = await createServer({
    domains: [domain],
    accounts: { hashes: ['SHA-1'], iterations: 4096 },
    c2s: { requireTls: false },
    sasl: { allowPlainOnLoopback: true },
    listeners: [{ host: '127.0.0.1', port: 0, protocol: 'http' }],
  })
  const accounts = server.host().get(AccountsService)
  return {
    server,
    port: server.listeners[0]!.port,
    async register(...usernames) {
      for (const name of usernames) await accounts.register(parseJid(`${name}@${domain}`).bare, password)
    },
    [Symbol.asyncDispose]: () => server.close(),
  }
}
