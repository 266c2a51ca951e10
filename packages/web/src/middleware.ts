import type { IncomingMessage, ServerResponse } from 'node:http'
import type { WebHandler } from './web-handler.js'

/** A middleware of Express, Connect, Polka and others of that shape. */
export type ExpressMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void

/**
 * Makes a middleware for Express. Put it before whatever reads the bodies of requests. Upgrades do not pass through
 * middlewares: `web.attach(server)` serves both.
 *
 * @example
 * ```ts
 * app.use(expressMiddleware(web))
 * ```
 */
export function expressMiddleware({ handleRequest }: WebHandler): ExpressMiddleware {
  return (request, response, next) => {
    if (!handleRequest?.(request, response)) next()
  }
}

/** What this needs of a Fastify instance. */
export interface FastifyLike {
  /** Adds a hook that sees each request before its body is read. */
  addHook(
    name: 'onRequest',
    hook: (
      request: { readonly raw: IncomingMessage },
      reply: { readonly raw: ServerResponse; hijack(): unknown },
      done: () => void,
    ) => void,
  ): unknown
}

/**
 * Has a Fastify instance pass its requests by a handler first. Upgrades do not pass through hooks: `web.attach(app.server)`
 * serves both.
 *
 * @example
 * ```ts
 * serveWithFastify(app, web)
 * ```
 */
export function serveWithFastify(app: FastifyLike, { handleRequest }: WebHandler): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (handleRequest?.(request.raw, reply.raw)) reply.hijack()
    else done()
  })
}

/** What this needs of a context of Hono, on `@hono/node-server`. */
export interface HonoContextLike {
  /** The bindings of `@hono/node-server`: `incoming` and `outgoing`. */
  readonly env: unknown
}

/** A middleware of Hono. */
export type HonoMiddleware = (
  context: HonoContextLike,
  next: () => Promise<void>,
) => Promise<Response | undefined>

/**
 * Makes a middleware for Hono on `@hono/node-server`, which tells of Node's own request and response. Elsewhere it lets
 * everything pass. Upgrades do not pass through middlewares: `web.attach(serve(app))` serves both.
 *
 * @example
 * ```ts
 * app.use(honoMiddleware(web))
 * ```
 */
export function honoMiddleware({ handleRequest }: WebHandler): HonoMiddleware {
  return async (context, next) => {
    const { incoming, outgoing } = (context.env ?? {}) as { incoming?: unknown; outgoing?: unknown }
    const isOurs =
      incoming !== undefined &&
      outgoing !== undefined &&
      handleRequest?.(incoming as IncomingMessage, outgoing as ServerResponse)
    if (!isOurs) {
      await next()
      return undefined
    }
    // How the adapter is told that there is nothing left to do.
    return new Response(null, { headers: { 'x-hono-already-sent': 'true' } })
  }
}
