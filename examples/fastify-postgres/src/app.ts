import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { type Logger, silentLogger } from '@xmppkit/runtime'
import { createServer, type Server } from '@xmppkit/server'
import Fastify, { type FastifyInstance } from 'fastify'
import pg from 'pg'

const hash = promisify(scrypt) as (password: string, salt: Buffer, length: number) => Promise<Buffer>

/** Settings of {@link startApp}. */
export interface AppOptions {
  /** URL of the database: the tables of the app and those of the chat live side by side. */
  readonly database: string
  /** Domain of the chat's addresses. */
  readonly domain: string
  readonly host: string
  readonly port: number
  /** Proxies that bring HTTPS here. */
  readonly trustedProxies: readonly string[]
  readonly logger?: Logger
}

/** A running app. */
export interface App {
  readonly chat: Server
  readonly http: FastifyInstance
  readonly port: number
  close(): Promise<void>
}

/** Starts the app and its chat on one port, over one database. */
export async function startApp(options: AppOptions): Promise<App> {
  const { database, domain, logger = silentLogger } = options
  const pool = new pg.Pool({ connectionString: database, max: 5 })
  await pool.query(
    'create table if not exists customers (name text primary key, salt bytea not null, hash bytea not null, banned boolean not null default false)',
  )

  // #region users
  const find = async (name: string) => {
    const { rows } = await pool.query('select salt, hash, banned from customers where name = $1', [name])
    return rows[0] as { salt: Buffer; hash: Buffer; banned: boolean } | undefined
  }
  const nobody = { salt: randomBytes(16), hash: randomBytes(32) }
  const chat = await createServer(
    {
      domains: [domain],
      storage: { url: database },
      users: {
        passwords: {
          async verifyPassword({ local }, password) {
            const row = (await find(local)) ?? nobody
            return timingSafeEqual(await hash(password, row.salt, 32), row.hash)
          },
        },
        // The shop itself is nobody's row, and writes to its customers all the same.
        exists: async ({ local }) => local === 'shop' || (await find(local)) !== undefined,
        admit: async ({ local }) => ((await find(local))?.banned ? 'account-disabled' : undefined),
      },
      web: { trustedProxies: options.trustedProxies },
    },
    { logger },
  )
  // #endregion

  const http = Fastify()
  addRoutes(http, pool, chat, domain)
  // #region attach
  chat.web.attach(http.server)
  // #endregion
  await http.listen({ host: options.host, port: options.port })
  const address = http.server.address() as AddressInfo
  return {
    chat,
    http,
    port: address.port,
    async close() {
      await chat.close()
      await http.close()
      await pool.end()
    },
  }
}

function addRoutes(http: FastifyInstance, pool: pg.Pool, chat: Server, domain: string): void {
  const credentials = {
    schema: {
      body: {
        type: 'object',
        required: ['name', 'password'],
        properties: {
          name: { type: 'string', pattern: '^[a-z0-9]{1,32}$' },
          password: { type: 'string', minLength: 8, maxLength: 200 },
        },
      },
    },
  } as const

  http.post<{ Body: { name: string; password: string } }>(
    '/customers',
    credentials,
    async (request, reply) => {
      const { name, password } = request.body
      const salt = randomBytes(16)
      const { rowCount } = await pool.query(
        'insert into customers (name, salt, hash) values ($1, $2, $3) on conflict do nothing',
        [name, salt, await hash(password, salt, 32)],
      )
      return reply.code(rowCount === 1 ? 201 : 409).send()
    },
  )

  // #region order
  // The shop writes to its customer: archived, on all devices, and waiting if nobody is there.
  http.post<{ Params: { name: string } }>('/orders/:name/shipped', async (request, reply) => {
    const to = `${request.params.name}@${domain}`
    const outcome = await chat.as(`shop@${domain}`).send({ to, body: 'Your order has shipped.' })
    return reply.send({ outcome: outcome.status })
  })
  // #endregion

  // #region leave
  http.delete<{ Params: { name: string } }>('/customers/:name', async (request, reply) => {
    const { name } = request.params
    await pool.query('delete from customers where name = $1', [name])
    await chat.userRemoved(`${name}@${domain}`)
    return reply.code(204).send()
  })
  // #endregion
}
