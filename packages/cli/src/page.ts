import { createPage, type OpenPort } from '@xmppkit/page'
import { type Logger, systemClock } from '@xmppkit/runtime'
import { type Server, softwareVersion } from '@xmppkit/server'
import { SessionsService } from '@xmppkit/sessions/module'
import type { ServeSettings } from './serve-settings.js'

type Listener = Server['listeners'][number]
type Settings = Pick<ServeSettings, 'domains' | 'httpsPort' | 'httpPort' | 'pagePort' | 'sections'>

/** Serves the landing page and the chat page wherever HTTP is spoken. */
export function mountPage(settings: Settings, server: Server, logger: Logger): void {
  const startedAt = systemClock.monotonic()
  const hosts = () => [...server.hosts.values()]
  server.web.add(
    createPage(
      {
        logger,
        facts: () => ({
          software: { name: 'xmppkit', version: softwareVersion },
          domains: hosts().flatMap((host) => host.domains.list()),
          ports: server.listeners.map(openPort),
          uptimeSeconds: Math.floor((systemClock.monotonic() - startedAt) / 1000),
          online: hosts().reduce((sum, host) => sum + host.get(SessionsService).count(), 0),
          xeps: [...new Set(hosts().flatMap((host) => host.xeps().map(({ number }) => number)))].sort(),
          registration: settings.sections.registration?.allowRegistration === true,
          local: settings.httpsPort === 'none' && settings.httpPort === 'none',
        }),
      },
      { fileOrigins: fileOrigins(uploadUrl(settings, server.listeners), settings) },
    ),
  )
}

/** Where uploaded files are reached; `''` where that cannot be known. */
export function uploadUrl(settings: Settings, listeners: readonly Listener[]): string {
  const { domains, httpsPort, httpPort, pagePort } = settings
  const [domain = 'localhost'] = domains
  const https = httpsPort === 'none' ? undefined : listeners.find((one) => speaks(one) === 'https')
  if (https) return `https://${domain}${https.port === 443 ? '' : `:${https.port}`}/upload`
  // A proxy that ends TLS is in front, at the port of the web.
  if (httpPort !== 'none') return `https://${domain}/upload`
  // This machine alone can follow it, so it is of use only to who talks to this machine alone.
  const page = pagePort === 'none' || domain !== 'localhost' ? undefined : pageListener(listeners)
  return page ? `http://localhost:${page.port}/upload` : ''
}

/** The listener of the page, which is the last one. */
export function pageListener(listeners: readonly Listener[]): Listener | undefined {
  return listeners.findLast((one) => speaks(one) === 'http')
}

function speaks(listener: Listener): string {
  return 'protocol' in listener ? listener.protocol : listener.tls
}

function openPort(listener: Listener): OpenPort {
  const ways: Readonly<Record<string, string>> = {
    starttls: 'XMPP with STARTTLS',
    direct: 'XMPP over TLS',
    none: 'XMPP',
    https: 'WebSocket over HTTPS',
    http: 'WebSocket over HTTP',
  }
  return { speaks: ways[speaks(listener)]!, port: listener.port }
}

/** Where the page may fetch files from, besides its own server. */
function fileOrigins(url: string, { sections }: Settings): string[] {
  const said = sections.upload?.url
  const one = typeof said === 'string' && said !== '' ? said : url
  return URL.canParse(one) ? [new URL(one).origin] : []
}
