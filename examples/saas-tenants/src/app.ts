import { randomBytes } from 'node:crypto'
import type { Server as HttpServer } from 'node:http'
import { type Logger, silentLogger } from '@xmppkit/runtime'
import { createServer, type Server, type StorageSettings } from '@xmppkit/server'
import express, { type Express, type RequestHandler } from 'express'

/** Settings of {@link startApp}. */
export interface AppOptions {
  /** Where everything is kept. */
  readonly storage: StorageSettings
  /** What tenants' domains end in: `acme` becomes `acme.chat.example`. */
  readonly zone: string
  /** The key of the operator, who makes tenants. */
  readonly operatorKey: string
  readonly host: string
  readonly port: number
  /** Proxies that bring HTTPS here. */
  readonly trustedProxies: readonly string[]
  readonly logger?: Logger
}

/** A running app. */
export interface App {
  readonly chat: Server
  readonly port: number
  close(): Promise<void>
}

// #region plans
const plans = {
  free: { maxAccounts: 10, maxSessionsPerAccount: 2, maxArchiveDays: 30, maxStanzasPerSecond: 20 },
  team: { maxAccounts: 500, maxSessionsPerAccount: 5, maxArchiveDays: 365, maxStanzasPerSecond: 500 },
}
// #endregion

type Plan = keyof typeof plans
const isPlan = (name: unknown): name is Plan => typeof name === 'string' && Object.hasOwn(plans, name)
const text = (value: unknown) => (typeof value === 'string' ? value : '')

/** Starts the backend: an HTTP interface for the operator and for tenants, and the chat of all of them. */
export async function startApp(options: AppOptions): Promise<App> {
  const { zone, operatorKey, logger = silentLogger } = options
  // A table, in a real app: which tenant a key belongs to.
  const keys = new Map<string, string>()
  const chat = await createServer(
    { domains: [zone], storage: options.storage, web: { trustedProxies: options.trustedProxies } },
    { logger },
  )

  const app = express()
  app.use(express.json({ limit: '10kb' }))
  const operator = allow((key) => (key === operatorKey ? zone : undefined))
  const tenant = allow((key) => keys.get(key))
  addOperatorRoutes(app, operator, { chat, zone, keys })
  addTenantRoutes(app, tenant, chat)

  const http = await listen(app, options)
  chat.web.attach(http)
  const address = http.address()
  return {
    chat,
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

/** Lets requests pass whose key belongs to a domain, and notes which. */
function allow(domainOf: (key: string) => string | undefined): RequestHandler {
  return (request, response, next) => {
    const domain = domainOf(request.headers.authorization?.replace(/^Bearer /, '') ?? '')
    if (domain === undefined) return void response.sendStatus(401)
    response.locals.domain = domain
    next()
  }
}

interface Operation {
  readonly chat: Server
  readonly zone: string
  readonly keys: Map<string, string>
}

function addOperatorRoutes(app: Express, operator: RequestHandler, { chat, zone, keys }: Operation): void {
  // #region sign-up
  app.post('/tenants', operator, async (request, response) => {
    const name = text(request.body?.name)
    const plan: unknown = request.body?.plan
    if (!/^[a-z][a-z0-9-]{1,30}$/.test(name) || !isPlan(plan)) return void response.sendStatus(400)
    const domain = `${name}.${zone}`
    if (chat.host().domains.has(domain)) return void response.sendStatus(409)
    await chat.tenants.add(domain, { name: `${name} chat`, ...plans[plan] })
    const key = randomBytes(24).toString('base64url')
    keys.set(key, domain)
    response.status(201).json({ domain, key })
  })
  // #endregion

  app.put('/tenants/:name/plan', operator, async (request, response) => {
    const plan: unknown = request.body?.plan
    const domain = `${text(request.params.name)}.${zone}`
    if (!isPlan(plan) || !chat.host().domains.has(domain)) return void response.sendStatus(400)
    await chat.tenants.set(domain, { name: chat.tenants.settings(domain).name ?? domain, ...plans[plan] })
    response.sendStatus(204)
  })

  // #region leave
  app.delete('/tenants/:name', operator, async (request, response) => {
    const domain = `${text(request.params.name)}.${zone}`
    await chat.commands.call('erase_domain_batch', { domain, ratePerMinute: 100_000 })
    for (const [key, of] of keys) if (of === domain) keys.delete(key)
    // It goes on by itself, and says how far it is.
    response.status(202).json(await chat.commands.call('erase_domain_status', { domain }))
  })
  app.get('/tenants/:name/erasure', operator, async (request, response) => {
    const domain = `${text(request.params.name)}.${zone}`
    response.json(await chat.commands.call('erase_domain_status', { domain }))
  })
  // #endregion
}

function addTenantRoutes(app: Express, tenant: RequestHandler, chat: Server): void {
  // #region users
  // What a tenant does with its own key; the domain comes from the key and never from the request.
  app.post('/users', tenant, async (request, response) => {
    const account = `${text(request.body?.name)}@${response.locals.domain}`
    const password = text(request.body?.password)
    try {
      await chat.commands.call('register', { account, password })
      response.sendStatus(201)
    } catch (error) {
      response.status(409).json({ error: (error as Error).message })
    }
  })
  app.get('/users', tenant, async (_request, response) => {
    const host = text(response.locals.domain)
    response.json(await chat.commands.call('registered_users', { host, limit: 1000 }))
  })
  // #endregion
}

function listen(app: Express, { host, port }: AppOptions): Promise<HttpServer> {
  return new Promise((resolve, reject) => {
    const http = app.listen(port, host, (error?: Error) => (error ? reject(error) : resolve(http)))
  })
}
