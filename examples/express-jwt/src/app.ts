import { randomBytes } from 'node:crypto'
import type { Server as HttpServer, IncomingMessage } from 'node:http'
import { createJwtVerifier } from '@xmppkit/jwt'
import { type Logger, silentLogger, systemClock } from '@xmppkit/runtime'
import { createServer, type Server } from '@xmppkit/server'
import express, { type Express } from 'express'
import { SignJWT } from 'jose'
import type { Users } from './users.js'

/** Settings of {@link startApp}. */
export interface AppOptions {
  readonly users: Users
  /** Domain of the chat's addresses. */
  readonly domain: string
  /** Signs tokens: at least 32 bytes. */
  readonly secret: Uint8Array
  readonly host: string
  readonly port: number
  /** File of the chat's database. */
  readonly chatDatabase: string
  /** Proxies that bring HTTPS here, such as `127.0.0.1`. */
  readonly trustedProxies: readonly string[]
  readonly logger?: Logger
}

/** A running app. */
export interface App {
  readonly chat: Server
  readonly http: HttpServer
  readonly port: number
  close(): Promise<void>
}

const issuer = 'https://app.example'
const audience = 'chat'

/** Starts the app and its chat on one port. */
export async function startApp(options: AppOptions): Promise<App> {
  const { users, domain, secret, logger = silentLogger } = options
  const sessions = new Map<string, string>()

  // #region chat
  const chat = await createServer(
    {
      domains: [domain],
      storage: { path: options.chatDatabase },
      // Passwords and tokens are checked where they are: nothing is copied.
      users: {
        passwords: { verifyPassword: ({ local }, password) => users.check(local, password) },
        tokens: createJwtVerifier({ keys: { secret }, clock: systemClock }, { issuer, audience }),
        exists: async ({ local }) => users.has(local),
      },
      web: {
        trustedProxies: options.trustedProxies,
        // Who is logged in to the app is logged in to the chat.
        authenticate: (request) => {
          const name = sessions.get(cookieOf(request, 'session') ?? '')
          return name === undefined ? undefined : `${name}@${domain}`
        },
      },
    },
    { logger },
  )
  // #endregion

  const app = express()
  addRoutes(app, { ...options, sessions })
  const http = await listen(app, options)
  // #region attach
  chat.web.attach(http)
  // #endregion
  const address = http.address()
  return {
    chat,
    http,
    port: typeof address === 'object' && address !== null ? address.port : 0,
    async close() {
      await chat.close()
      await new Promise((resolve) => {
        http.close(resolve)
        http.closeAllConnections()
      })
    },
  }
}

function addRoutes(app: Express, options: AppOptions & { sessions: Map<string, string> }): void {
  const { users, sessions, secret } = options
  app.use(express.json({ limit: '10kb' }))

  app.post('/signup', async (request, response) => {
    const { name, password } = credentials(request.body)
    if (!/^[a-z0-9]{1,32}$/.test(name) || password.length < 8) return void response.sendStatus(400)
    response.sendStatus((await users.add(name, password)) ? 201 : 409)
  })

  app.post('/login', async (request, response) => {
    const { name, password } = credentials(request.body)
    if (!(await users.check(name, password))) return void response.sendStatus(401)
    const session = randomBytes(24).toString('base64url')
    sessions.set(session, name)
    response.cookie('session', session, { httpOnly: true, sameSite: 'strict' }).sendStatus(204)
  })

  // #region token
  // An app on a phone has no cookie: it gets a token that is good for five minutes, and logs in with that.
  app.post('/chat-token', async (request, response) => {
    const name = sessions.get(cookieOf(request, 'session') ?? '')
    if (name === undefined) return void response.sendStatus(401)
    const token = await new SignJWT({})
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(name)
      .setIssuer(issuer)
      .setAudience(audience)
      .setExpirationTime('5m')
      .sign(secret)
    response.json({ token })
  })
  // #endregion
}

function listen(app: Express, { host, port }: AppOptions): Promise<HttpServer> {
  return new Promise((resolve, reject) => {
    const http = app.listen(port, host, (error?: Error) => (error ? reject(error) : resolve(http)))
  })
}

function cookieOf(request: IncomingMessage, name: string): string | undefined {
  const cookies = request.headers.cookie?.split(/; */) ?? []
  return cookies.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1)
}

function credentials(body: unknown): { name: string; password: string } {
  const { name, password } = (body ?? {}) as Record<string, unknown>
  const text = (value: unknown) => (typeof value === 'string' ? value : '')
  return { name: text(name), password: text(password) }
}
