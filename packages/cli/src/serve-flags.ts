/** How the value of a flag is read. */
export type FlagKind = 'text' | 'port' | 'number' | 'seconds' | 'switch'

/** One option of `xmppkit serve`. */
export interface ServeFlag {
  /** Its name, without the dashes. */
  readonly name: string
  /** How its value is read. */
  readonly kind: FlagKind
  /** What stands for the value in the help. */
  readonly value?: string
  /** What it does, in a line. */
  readonly help: string
  /** It may be given several times. */
  readonly multiple?: boolean
  /** The setting it changes, `section.option`; the same one a configuration file has. */
  readonly setting?: string
}

/** The options of `xmppkit serve`, in the order of its help. */
export const serveFlags: readonly ServeFlag[] = [
  {
    name: 'domain',
    kind: 'text',
    value: 'NAME',
    multiple: true,
    help: 'serve this domain; repeatable (default: localhost)',
  },
  {
    name: 'host',
    kind: 'text',
    value: 'ADDRESS',
    help: 'listen on this address (default: every one; 127.0.0.1 with --allow-plaintext)',
  },
  {
    name: 'c2s-port',
    kind: 'port',
    value: 'PORT',
    help: 'port for clients that upgrade with STARTTLS (default: 5222)',
  },
  {
    name: 'tls-port',
    kind: 'port',
    value: 'PORT',
    help: 'port for TLS from the first byte, or "none" (default: 5223)',
  },
  {
    name: 'https-port',
    kind: 'port',
    value: 'PORT',
    help: 'port for WebSocket and BOSH over HTTPS, or "none" (default: none)',
  },
  {
    name: 'http-port',
    kind: 'port',
    value: 'PORT',
    help: 'port for the same over HTTP, behind a proxy that ends TLS, or "none" (default: none)',
  },
  {
    name: 'page-port',
    kind: 'port',
    value: 'PORT',
    help: 'port for a chat page on this machine alone, or "none" (default: none; npm start has 5280)',
  },
  {
    name: 'upload-url',
    kind: 'text',
    value: 'URL',
    setting: 'upload.url',
    help: 'where uploaded files are reached from outside (default: /upload on the HTTPS or HTTP port)',
  },
  {
    name: 'trusted-proxy',
    kind: 'text',
    value: 'NETWORK',
    multiple: true,
    setting: 'web.trustedProxies',
    help: 'believe what this proxy says of its clients; repeatable',
  },
  {
    name: 'web-origin',
    kind: 'text',
    value: 'ORIGIN',
    multiple: true,
    setting: 'web.origins',
    help: 'let pages of this web site connect, or "*" for all; repeatable (default: our own)',
  },
  {
    name: 'tls-cert',
    kind: 'text',
    value: 'FILE',
    help: 'certificate chain, PEM (default: self-signed, made in the data folder)',
  },
  { name: 'tls-key', kind: 'text', value: 'FILE', help: 'private key of the certificate, PEM' },
  {
    name: 'data',
    kind: 'text',
    value: 'FOLDER',
    help: 'folder for database, certificate and control socket (default: ./xmppkit-data)',
  },
  {
    name: 'database-url',
    kind: 'text',
    value: 'URL',
    help: 'PostgreSQL instead of SQLite: postgres://user:password@host/name',
  },
  {
    name: 'config',
    kind: 'text',
    value: 'FILE',
    help: 'settings as JSON, or a module that exports them; options given here win',
  },
  { name: 'log-level', kind: 'text', value: 'LEVEL', help: 'debug, info, warn or error (default: info)' },
  { name: 'pid-file', kind: 'text', value: 'FILE', help: 'write the process id there' },
  {
    name: 'allow-registration',
    kind: 'switch',
    setting: 'registration.allowRegistration',
    help: 'let people create accounts from their client',
  },
  { name: 'allow-plaintext', kind: 'switch', help: 'serve without TLS, on loopback addresses only' },
  {
    name: 'login-timeout',
    kind: 'seconds',
    setting: 'stream.loginTimeoutMs',
    help: 'time to log in (default: 30)',
  },
  { name: 'max-connections', kind: 'number', setting: 'tcp.maxConnections', help: 'connections at one time' },
  {
    name: 'max-connections-per-address',
    kind: 'number',
    setting: 'tcp.maxConnectionsPerAddress',
    help: 'connections of one address at one time',
  },
  {
    name: 'max-attempts-per-address',
    kind: 'number',
    setting: 'tcp.maxAttemptsPerAddress',
    help: 'new connections of one address a minute',
  },
  {
    name: 'max-registrations-per-address',
    kind: 'number',
    setting: 'registration.maxRegistrationsPerAddress',
    help: 'accounts one address may create in an hour',
  },
  {
    name: 'max-sessions-per-account',
    kind: 'number',
    setting: 'sessions.maxPerAccount',
    help: 'connected resources of one account',
  },
  {
    name: 'max-offline-messages',
    kind: 'number',
    setting: 'offline.maxMessagesPerAccount',
    help: 'messages that wait for one account',
  },
  { name: 'max-contacts', kind: 'number', setting: 'roster.maxItems', help: 'contacts in one roster' },
  { name: 'max-stanza-bytes', kind: 'number', setting: 'stream.limits.maxBytes', help: 'size of one stanza' },
  {
    name: 'max-outbox-bytes',
    kind: 'number',
    setting: 'stream.maxOutboxBytes',
    help: 'bytes that wait for one slow client',
  },
  {
    name: 'max-outbox-stanzas',
    kind: 'number',
    setting: 'stream.maxOutboxStanzas',
    help: 'stanzas that wait for one slow client',
  },
  {
    name: 'set',
    kind: 'text',
    value: 'SECTION.OPTION=VALUE',
    multiple: true,
    help: 'any other setting; see docs/reference/options.md; "Infinity" lifts a limit',
  },
]

/** The help of `xmppkit serve`. */
export function serveHelp(): string {
  const rows = serveFlags.map((flag) => {
    const value =
      flag.kind === 'switch' ? '' : ` ${flag.value ?? (flag.kind === 'seconds' ? 'SECONDS' : 'NUMBER')}`
    return [`--${flag.name}${value}`, flag.help] as const
  })
  const width = Math.max(...rows.map(([left]) => left.length))
  return [
    'usage: xmppkit serve [options]',
    '',
    'Starts an XMPP server with SQLite in a folder. Every limit can be changed; "Infinity" lifts it.',
    '',
    ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`),
    '',
  ].join('\n')
}
