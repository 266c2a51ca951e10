import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '@xmppkit/runtime'
import { type CertificatePair, createDevelopmentCertificate } from '@xmppkit/tcp'
import { CliError } from './errors.js'

/** Where the certificate comes from, and whether it is one for trying things out. */
export interface CertificateFiles {
  /** Certificate chain, PEM. */
  readonly cert: string
  /** Private key, PEM. */
  readonly key: string
  /** It is self-signed: clients must be told to trust it. */
  readonly selfSigned: boolean
}

/**
 * Reads a certificate and its key.
 *
 * @throws CliError `cli/config`
 */
export async function readCertificate(files: CertificateFiles): Promise<CertificatePair> {
  try {
    const [cert, key] = await Promise.all([readFile(files.cert, 'utf8'), readFile(files.key, 'utf8')])
    return { cert, key }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CliError('cli/config', `the certificate or its key cannot be read: ${why}`, { cause })
  }
}

/**
 * The certificate of a data folder, for domains without one of their own: made at the first start, and
 * again when domains are added that it does not name.
 */
export async function developmentCertificate(
  dataDir: string,
  domains: readonly string[],
): Promise<CertificateFiles> {
  const files = {
    cert: join(dataDir, 'self-signed.crt'),
    key: join(dataDir, 'self-signed.key'),
    selfSigned: true,
  }
  const names = join(dataDir, 'self-signed.domains')
  const wanted = [...domains].sort().join('\n')
  const present = await readFile(names, 'utf8').catch(() => undefined)
  if (present === wanted) return files
  const pair = await createDevelopmentCertificate({ domains, now: systemClock.now() })
  await mkdir(dataDir, { recursive: true })
  await writePrivately(files.key, pair.key)
  await writeFile(files.cert, pair.cert)
  await writeFile(names, wanted)
  return files
}

async function writePrivately(path: string, text: string): Promise<void> {
  const draft = `${path}.new`
  await writeFile(draft, text, { mode: 0o600 })
  await chmod(draft, 0o600)
  await rename(draft, path)
}
