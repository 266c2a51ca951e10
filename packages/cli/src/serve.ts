import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { DecoySecretService } from '@xmppkit/auth/module'
import { provide } from '@xmppkit/module'
import { createJsonLogger, createScope, type Logger, type Scope } from '@xmppkit/runtime'
import { checkSections, createServer, type Server, type ServerOptions } from '@xmppkit/server'
import { type Certificates, createCertificates, type TcpListenerOptions } from '@xmppkit/tcp'
import type { HttpListenerOptions } from '@xmppkit/web'
import { type CertificateFiles, developmentCertificate, readCertificate } from './certificate-files.js'
import { openControlSocket } from './control-server.js'
import type { Terminal } from './main.js'
import { mountPage, uploadUrl } from './page.js'
import { readServeSettings, type ServeSettings } from './serve-settings.js'
import { welcome } from './welcome.js'

/** How long a stop may take before the process gives up on it, in milliseconds. */
const stopTimeoutMs = 30_000

/**
 * Starts a server and keeps it running until SIGTERM or SIGINT, then drains it. SIGHUP loads the
 * certificates again.
 *
 * @throws CliError, ServerError, TcpError and others whose message says what to do.
 */
export async function serve(args: readonly string[], terminal: Terminal): Promise<void> {
  const settings = await readServeSettings(args)
  checkSections(settings.sections)
  const logger = createJsonLogger(terminal.err, { level: settings.logLevel })
  const scope = createScope()
  try {
    await run(settings, logger, scope, terminal)
  } finally {
    await scope.close()
  }
}

async function run(settings: ServeSettings, logger: Logger, scope: Scope, terminal: Terminal): Promise<void> {
  const stopped = stopSignal(scope)
  await mkdir(settings.data, { recursive: true, mode: 0o700 })
  const certificate = await chooseCertificate(settings)
  const certificates = await createCertificates({
    logger,
    load: async () => [await readCertificate(certificate)],
  })
  onSignal(scope, 'SIGHUP', () => void reload(certificates.reload(), logger))

  let server: Server | undefined
  const files = () => (server === undefined ? '' : uploadUrl(settings, server.listeners))
  server = await createServer(await serverOptions(settings, certificates, files), { logger })
  scope.use(server)
  if (settings.pagePort !== 'none') mountPage(settings, server, logger)
  scope.use(await openControlSocket({ commands: server.commands, logger }, settings.data))
  await writePidFile(settings, scope)
  terminal.out(welcome(settings, server, certificate))

  const signal = await stopped
  logger.info('stopping', { signal })
  await stopWithin(server, logger)
}

async function serverOptions(
  settings: ServeSettings,
  certificates: Certificates,
  files: () => string,
): Promise<ServerOptions> {
  const { sections, allowPlaintext } = settings
  const secret = await decoySecret(settings.data)
  return {
    ...sections,
    ...(allowPlaintext && {
      c2s: { ...sections.c2s, requireTls: false },
      sasl: { allowPlainOnLoopback: true, ...sections.sasl },
      registration: { ...sections.registration, allowInsecure: true },
    }),
    exports: { directory: join(settings.data, 'exports'), ...sections.exports },
    domains: settings.domains,
    files: { folder: join(settings.data, 'files') },
    upload: { ...(speaksHttp(settings) && { url: files }), ...sections.upload },
    storage: settings.databaseUrl
      ? { url: settings.databaseUrl }
      : { path: join(settings.data, 'xmppkit.sqlite') },
    services: [provide(DecoySecretService, secret)],
    listeners: listenersOf(settings),
    certificates,
  }
}

/** Whether there is anything files could be reached through. */
function speaksHttp({ httpsPort, httpPort, pagePort }: ServeSettings): boolean {
  return httpsPort !== 'none' || httpPort !== 'none' || pagePort !== 'none'
}

function listenersOf(settings: ServeSettings): NonNullable<ServerOptions['listeners']> {
  const { host, c2sPort, tlsPort, httpsPort, httpPort, pagePort } = settings
  const address = host === undefined ? {} : { host }
  const listeners: (TcpListenerOptions | HttpListenerOptions)[] = []
  if (c2sPort !== 'none') listeners.push({ ...address, port: c2sPort, tls: 'starttls' })
  if (tlsPort !== 'none') listeners.push({ ...address, port: tlsPort, tls: 'direct' })
  if (httpsPort !== 'none') listeners.push({ ...address, port: httpsPort, protocol: 'https' })
  if (httpPort !== 'none') listeners.push({ ...address, port: httpPort, protocol: 'http' })
  if (pagePort !== 'none') {
    listeners.push({ host: '127.0.0.1', port: pagePort, protocol: 'http', insideMachine: true })
  }
  return listeners
}

async function chooseCertificate(settings: ServeSettings): Promise<CertificateFiles> {
  const { tlsCert, tlsKey, data, domains } = settings
  if (tlsCert && tlsKey) return { cert: tlsCert, key: tlsKey, selfSigned: false }
  return developmentCertificate(data, domains)
}

/** Kept beside the database: salts shown for accounts that do not exist must survive a restart. */
async function decoySecret(dataDir: string): Promise<Uint8Array> {
  const path = join(dataDir, 'decoy.key')
  const present = await readFile(path).catch(() => undefined)
  if (present && present.length >= 32) return present
  const made = randomBytes(32)
  await writeFile(path, made, { mode: 0o600 })
  return made
}

async function writePidFile({ pidFile }: ServeSettings, scope: Scope): Promise<void> {
  if (!pidFile) return
  const path = resolve(pidFile)
  await writeFile(path, `${process.pid}\n`)
  scope.defer(() => rm(path, { force: true }))
}

function stopSignal(scope: Scope): Promise<NodeJS.Signals> {
  return new Promise((stop) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) onSignal(scope, signal, () => stop(signal))
  })
}

function onSignal(scope: Scope, signal: NodeJS.Signals, run: () => void): void {
  process.on(signal, run)
  scope.defer(() => void process.off(signal, run))
}

async function reload(reloading: Promise<void>, logger: Logger): Promise<void> {
  await reloading.catch((cause) =>
    logger.error('certificates were not reloaded; the former ones stay', { cause }),
  )
}

/** A stop that hangs is worth less than a restart: what is acknowledged is durable already. */
async function stopWithin(server: Server, logger: Logger): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, stopTimeoutMs, 'late')
  })
  const outcome = await Promise.race([server.close(), tooLong])
  clearTimeout(timer)
  if (outcome === 'late') {
    logger.error('the server did not stop in time; giving up', { stopTimeoutMs })
    process.exit(1)
  }
  logger.info('stopped')
}
