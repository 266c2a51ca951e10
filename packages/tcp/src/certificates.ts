import { constants, createHash, X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { Logger } from '@xmppkit/runtime'
import { endPointHash } from './end-point-hash.js'
import { TcpError } from './errors.js'

/** A certificate chain and its private key, both PEM. */
export interface CertificatePair {
  /** The chain: the server's certificate first, then the intermediates. */
  readonly cert: string
  /** The private key that belongs to the first certificate. */
  readonly key: string
}

/** Collaborators of {@link createCertificates}. */
export interface CertificatesDeps {
  /**
   * Reads the certificates anew, from files, a vault or wherever they are kept. Each is used for the
   * names in its subjectAltName; the first also serves names nobody else has.
   */
  readonly load: () => Promise<readonly CertificatePair[]>
  /** Told when certificates change. */
  readonly logger?: Logger
}

/** Options of {@link createCertificates}. */
export interface CertificatesOptions {
  /**
   * Hand out session tickets, so that a client that comes back spares both sides a signature. Each leaves a buffer of 16 KiB
   * behind for as long as its connection is up, which is most of the memory of an idle client.
   * @default false
   */
  readonly sessionTickets?: boolean
  /**
   * Certificates of the authorities that vouch for clients, PEM. With them clients are asked for a certificate, and one they
   * signed lets in whom it names (XEP-0178); others are taken and count for nothing.
   * @default none: clients are not asked (rule T-11)
   */
  readonly clientAuthorities?: string
}

/** Defaults of {@link CertificatesOptions}. */
export const certificatesDefaults: Required<Omit<CertificatesOptions, 'clientAuthorities'>> = Object.freeze({
  sessionTickets: false,
})

type Settings = typeof certificatesDefaults & CertificatesOptions

/** The certificates of a server, chosen by name and replaceable while connections go on. */
export interface Certificates {
  /** The TLS context for a server name: an exact name, then a wildcard, then the first certificate. */
  contextFor(serverName: string | undefined): SecureContext
  /** Whether clients are asked for certificates of their own. @default false */
  readonly asksClients?: boolean
  /** How many there are: with a single one, no handshake has to ask for the name. */
  readonly size: number
  /**
   * Loads the certificates again. New handshakes use them at once; connections that are up keep theirs.
   *
   * @throws TcpError `tcp/certificate` when they cannot be used; the former ones stay in force.
   */
  reload(): Promise<void>
  /** What is in force, for status pages: names, end of validity, SHA-256 fingerprint. */
  describe(): readonly CertificateDescription[]
}

/** One certificate in force. */
export interface CertificateDescription {
  /** DNS names it is valid for. */
  readonly names: readonly string[]
  /** End of validity, in milliseconds since 1970. */
  readonly validTo: number
  /** SHA-256 of the certificate, hex. */
  readonly fingerprint: string
}

interface LoadedCertificate extends CertificateDescription {
  readonly context: SecureContext
}

/**
 * Loads certificates and picks one by server name (SNI, or the stream's `to`).
 *
 * TLS 1.2 is the oldest version offered and renegotiation is off (rule T-6).
 *
 * @example
 * ```ts
 * const certificates = await createCertificates({
 *   load: async () => [{ cert: await readFile('chain.pem', 'utf8'), key: await readFile('key.pem', 'utf8') }],
 * })
 * ```
 * @throws TcpError `tcp/certificate` when a certificate cannot be used.
 */
export async function createCertificates(
  deps: CertificatesDeps,
  options: CertificatesOptions = {},
): Promise<Certificates> {
  const settings: Settings = Object.freeze({ ...certificatesDefaults, ...options })
  let loaded = await loadAll(deps, settings)
  return {
    contextFor(serverName) {
      const name = serverName?.toLowerCase()
      const match = name === undefined ? undefined : findByName(loaded, name)
      return (match ?? loaded[0]!).context
    },
    asksClients: settings.clientAuthorities !== undefined,
    get size() {
      return loaded.length
    },
    async reload() {
      loaded = await loadAll(deps, settings)
      deps.logger?.info('certificates reloaded', { names: loaded.flatMap((one) => one.names) })
    },
    describe: () => loaded.map(({ names, validTo, fingerprint }) => ({ names, validTo, fingerprint })),
  }
}

// By context, because that is what a handshake has; one that somebody else made has none.
const endPointHashes = new WeakMap<SecureContext, Uint8Array>()

/** The `tls-server-end-point` data of the certificate in a context (RFC 5929 §4), if its signature allows the binding. @internal */
export function endPointHashOf(context: SecureContext): Uint8Array | undefined {
  return endPointHashes.get(context)
}

// Rule T-6.
const hardened = constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION

async function loadAll(deps: CertificatesDeps, settings: Settings): Promise<readonly LoadedCertificate[]> {
  const pairs = await deps.load()
  if (pairs.length === 0) throw new TcpError('tcp/certificate', 'no certificate to serve TLS with')
  return pairs.map((pair) => loadOne(pair, settings))
}

function loadOne(pair: CertificatePair, { sessionTickets, clientAuthorities }: Settings): LoadedCertificate {
  try {
    const certificate = new X509Certificate(pair.cert)
    const context = createSecureContext({
      cert: pair.cert,
      key: pair.key,
      ...(clientAuthorities !== undefined && { ca: clientAuthorities }),
      minVersion: 'TLSv1.2',
      secureOptions: sessionTickets ? hardened : hardened | constants.SSL_OP_NO_TICKET,
    })
    const endPoint = endPointHash(certificate.raw)
    if (endPoint !== undefined) endPointHashes.set(context, endPoint)
    return {
      context,
      names: dnsNames(certificate),
      validTo: Date.parse(certificate.validTo),
      fingerprint: createHash('sha256').update(certificate.raw).digest('hex'),
    }
  } catch (cause) {
    throw new TcpError(
      'tcp/certificate',
      'a certificate cannot be used: check that the file is PEM and that the key belongs to it',
      { cause },
    )
  }
}

/** DNS names of the subjectAltName; the common name is never a server name (RFC 9525 §2). */
function dnsNames(certificate: X509Certificate): string[] {
  const entries = certificate.subjectAltName?.split(', ') ?? []
  return entries.filter((entry) => entry.startsWith('DNS:')).map((entry) => entry.slice(4).toLowerCase())
}

function findByName(loaded: readonly LoadedCertificate[], name: string): LoadedCertificate | undefined {
  const dot = name.indexOf('.')
  const wildcard = dot > 0 ? `*${name.slice(dot)}` : undefined
  return (
    loaded.find((one) => one.names.includes(name)) ??
    (wildcard === undefined ? undefined : loaded.find((one) => one.names.includes(wildcard)))
  )
}
