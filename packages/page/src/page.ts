import type { IncomingMessage, ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import type { Logger } from '@xmppkit/runtime'
import type { RequestHandler, WebHandler } from '@xmppkit/web'
import { chatHtml } from './chat.js'
import { type ConverseFiles, findConverse } from './converse.js'
import { landingHtml } from './landing.js'
import { type PageOptions, pageDefaults } from './page-options.js'
import type { ServerFacts } from './server-facts.js'
import { createStaticFiles, type StaticFile } from './static-files.js'

/** Collaborators of {@link createPage}. */
export interface PageDeps {
  /** What the landing page says; asked each time somebody looks. */
  readonly facts: () => ServerFacts
  /** Told of files that cannot be read. */
  readonly logger: Logger
}

const ownFolder = fileURLToPath(new URL('../static/', import.meta.url))
const html = 'text/html; charset=utf-8'

/** Sent with everything: nothing is guessed, and nobody is told where somebody came from. */
const common = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
}
const closed = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/**
 * Serves two pages: one that shows what is running, and one to chat on, with Converse.js from its package. Nothing is loaded
 * from elsewhere, no script stands in the pages, and nothing of any account is in them.
 *
 * @example
 * ```ts
 * server.web.add(createPage({ facts, logger }))
 * ```
 * @throws PageError `page/no-converse` when the package converse.js is not installed
 */
export function createPage(
  deps: PageDeps,
  options: PageOptions = {},
): WebHandler & { readonly handleRequest: RequestHandler } {
  const settings = Object.freeze({ ...pageDefaults, ...options })
  const converse = findConverse()
  const files = createStaticFiles()
  const base = settings.path.replace(/\/+$/, '')
  const assets = `${base}/converse/${converse.version}/`

  const page = (request: IncomingMessage, response: ServerResponse, policy: string, text: string) => {
    response.writeHead(200, {
      ...common,
      'Content-Type': html,
      'Content-Security-Policy': policy,
      'Cache-Control': 'no-store',
      'Content-Length': Buffer.byteLength(text),
    })
    response.end(request.method === 'HEAD' ? undefined : text)
  }
  const landing = (request: IncomingMessage, response: ServerResponse) =>
    page(request, response, `${closed}; style-src 'self'; img-src 'self'`, landingHtml(deps.facts(), base))
  const chat = (request: IncomingMessage, response: ServerResponse) =>
    page(request, response, chatPolicy(settings), chatHtml(deps.facts(), { ...settings, base, assets }))

  const own = (name: string): StaticFile => ({ path: `${ownFolder}${name}`, maxAgeSeconds: 300 })
  const routes = new Map<string, StaticFile | typeof landing>([
    [`${base}/`, landing],
    [`${base}/chat`, chat],
    [`${base}/page.css`, own('page.css')],
    [`${base}/chat.css`, own('chat.css')],
    [`${base}/chat.js`, own('chat.js')],
    [`${base}/icon.svg`, own('icon.svg')],
  ])

  return {
    handleRequest(request, response) {
      const [path = '/'] = (request.url ?? '/').split(/[?#]/, 1)
      const route = routes.get(path) ?? converseFile(converse, path, assets)
      if (route === undefined) return false
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        response.writeHead(405, { ...common, Allow: 'GET, HEAD' }).end()
      } else if (typeof route === 'function') route(request, response)
      else {
        files.send(route, common, request, response).catch((cause: unknown) => {
          deps.logger.error('a file of the page could not be sent', { path, cause })
          if (response.headersSent) response.destroy()
          else response.writeHead(500, common).end()
        })
      }
      return true
    },
  }
}

/** A file of Converse.js; its version is in the path, so browsers keep it. */
function converseFile(converse: ConverseFiles, path: string, assets: string): StaticFile | undefined {
  if (!path.startsWith(assets)) return undefined
  const file = converse.find(path.slice(assets.length))
  return file === undefined ? undefined : { path: file, maxAgeSeconds: 31_536_000 }
}

/**
 * What the chat page may do. Lit and Converse.js set styles inline, and pictures are made of bytes; scripts are files of ours
 * alone, and nothing is evaluated.
 */
function chatPolicy({ fileOrigins }: Required<PageOptions>): string {
  const origins = fileOrigins.map((origin) => ` ${new URL(origin).origin}`).join('')
  return [
    closed.replace("form-action 'none'", "form-action 'self'"),
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    `connect-src 'self'${origins}`,
    `img-src 'self' data: blob:${origins}`,
    `media-src 'self' data: blob:${origins}`,
    "font-src 'self'",
    "manifest-src 'self'",
  ].join('; ')
}
