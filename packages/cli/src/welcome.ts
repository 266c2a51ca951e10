import { resolve } from 'node:path'
import type { Server } from '@xmppkit/server'
import type { CertificateFiles } from './certificate-files.js'
import { pageListener } from './page.js'
import type { ServeSettings } from './serve-settings.js'

/** What a person reads when the server is up: where it listens, and what to do next. */
export function welcome(
  { domains, data, sections, allowPlaintext, pagePort }: ServeSettings,
  server: Server,
  certificate: CertificateFiles,
): string {
  const domain = domains[0] ?? 'localhost'
  const where = data === './xmppkit-data' ? '' : ` --data ${data}`
  const page = pagePort === 'none' ? undefined : pageListener(server.listeners)
  const open = sections.registration?.allowRegistration === true
  const ways = { starttls: allowPlaintext ? 'plain or STARTTLS' : 'STARTTLS', direct: 'TLS', none: 'plain' }
  const lines = [
    `xmppkit serves ${domains.join(', ')}`,
    '',
    ...server.listeners.map((listener) => {
      const way = 'protocol' in listener ? listener.protocol.toUpperCase() : ways[listener.tls]
      return `  ${way.padEnd(18)} ${shown(listener.host)} port ${listener.port}`
    }),
    `  ${'data'.padEnd(18)} ${resolve(data)} (${server.storage})`,
    ...(certificate.selfSigned
      ? [`  ${'certificate'.padEnd(18)} ${resolve(certificate.cert)} (self-signed)`]
      : []),
    '',
    'Next:',
    `  1. create an account:  npx xmppkit register juliet ${domain} <password>${where}`,
    ...(open ? ['     (or from your client: registration is open)'] : []),
    ...(page ? [`  2. chat in your browser: http://localhost:${page.port}/chat`] : []),
    `  ${page ? '  ' : '2.'} ${page ? 'or ' : ''}log in as juliet@${domain} with any XMPP client, for example Gajim, Dino or Profanity`,
    ...(certificate.selfSigned
      ? [
          '     (it will ask whether to trust the self-signed certificate; --tls-cert and --tls-key serve a real one)',
        ]
      : []),
    `  3. see who is there:   npx xmppkit connected-users${where}`,
    '',
    'Stop with Ctrl-C.',
    '',
  ]
  return lines.join('\n')
}

function shown(host: string): string {
  return host === '::' ? 'every address,' : host
}
