import { AccountsService } from '@xmppkit/auth/module'
import { parseJid } from '@xmppkit/jid'
import { createServer, type Server, type ServerOptions } from '@xmppkit/server'

/** The domain of these tests. */
export const domain = 'chat.test'

/** Everybody's password. */
export const password = 'r0m30'

/** Starts a server with a few accounts and cheap hashes. */
export async function openServer(options: Partial<ServerOptions> = {}): Promise<Server> {
  const server = await createServer({
    domains: [domain],
    accounts: { hashes: ['SHA-1'], iterations: 4096 },
    ...options,
  })
  for (const name of ['juliet', 'romeo']) {
    await server
      .host()
      .get(AccountsService)
      .register(parseJid(`${name}@${domain}`).bare, password)
  }
  return server
}
