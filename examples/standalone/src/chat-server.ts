import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { userSendPacket, userSendSeq } from '@xmppkit/c2s'
import { type Logger, systemClock } from '@xmppkit/runtime'
import { createServer, type Server } from '@xmppkit/server'
import { StanzaError } from '@xmppkit/stanza'
import { type CertificatePair, createCertificates, createDevelopmentCertificate } from '@xmppkit/tcp'

/** What this program can be told. */
export interface ChatServerOptions {
  /** The domain people have addresses at. */
  readonly domain: string
  /** Folder of the database. */
  readonly folder: string
  /** Address to listen on. */
  readonly host: string
  /** Ports for STARTTLS and for TLS from the first byte; 0 for any free one. */
  readonly ports: { readonly starttls: number; readonly tls: number }
  /** Certificate and key; a self-signed one is made when absent. */
  readonly certificate?: CertificatePair
  /** Told of every message a client sends; throws to refuse it. */
  readonly onMessage: (from: string, to: string, body: string) => void
  /** Told what happens. */
  readonly logger: Logger
}

/** Starts a complete server with a hook of our own. `close()` of what it returns stops it in order. */
export async function startChatServer(options: ChatServerOptions): Promise<Server> {
  const { domain, folder, host, ports, onMessage, logger } = options
  await mkdir(folder, { recursive: true, mode: 0o700 })

  const pair =
    options.certificate ?? (await createDevelopmentCertificate({ domains: [domain], now: systemClock.now() }))
  const certificates = await createCertificates({ logger, load: async () => [pair] })

  const server = await createServer(
    {
      domains: [domain],
      storage: { path: join(folder, 'chat.sqlite') },
      certificates,
      listeners: [
        { host, port: ports.starttls, tls: 'starttls' },
        { host, port: ports.tls, tls: 'direct' },
      ],
    },
    { logger },
  )

  // Every stanza of a client comes by here before anything is done with it; what is thrown is its answer.
  server.host().hooks.on(
    userSendPacket,
    (stanza, { session }) => {
      const body = stanza.kind === 'message' ? stanza.text('body') : undefined
      if (body !== undefined) onMessage(session.account.toString(), String(stanza.to), body)
      return stanza
    },
    { seq: userSendSeq.privacy, label: 'onMessage' },
  )
  return server
}

/** A rule for `onMessage`: refuses messages that contain one of these words. */
export function refuseWords(words: readonly string[]): (from: string, to: string, body: string) => void {
  return (_from, _to, body) => {
    const found = words.find((word) => body.toLowerCase().includes(word))
    if (found) throw new StanzaError('policy-violation', { text: `we do not say ${found} here` })
  }
}

/** Reads the certificate and key named on the command line, if any. */
export async function readPair(
  cert: string | undefined,
  key: string | undefined,
): Promise<CertificatePair | undefined> {
  if (!cert || !key) return undefined
  return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') }
}
