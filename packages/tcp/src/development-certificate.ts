import type { CertificatePair } from './certificates.js'

/** Settings of {@link createDevelopmentCertificate}. */
export interface DevelopmentCertificateOptions {
  /** Domains it names in its subjectAltName; `localhost` and the loopback addresses are added. */
  readonly domains: readonly string[]
  /** Start of validity, in milliseconds since 1970. */
  readonly now: number
  /**
   * How long it is valid, in days.
   *
   * @default 397
   */
  readonly validDays?: number
}

/**
 * Makes a self-signed certificate (ECDSA P-256) for trying things out: clients warn about it, and must
 * be told to trust it.
 */
export async function createDevelopmentCertificate(
  options: DevelopmentCertificateOptions,
): Promise<CertificatePair> {
  const { domains, now, validDays = 397 } = options
  const { generate } = await import('selfsigned') // loads slowly, and only a first start needs it
  const names = [...new Set([...domains, 'localhost'])]
  const day = 24 * 60 * 60 * 1000
  const pems = await generate([{ name: 'commonName', value: names[0]! }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(now - day), // tolerates a client whose clock is behind
    notAfterDate: new Date(now + validDays * day),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true }, // lets it be trusted as its own authority
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...names.map((value) => ({ type: 2 as const, value })),
          { type: 7 as const, ip: '127.0.0.1' },
          { type: 7 as const, ip: '::1' },
        ],
      },
    ],
  })
  return { cert: pems.cert, key: pems.private }
}
