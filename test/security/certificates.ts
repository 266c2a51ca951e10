import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CertificatePair } from '@xmppkit/tcp'

/** Somebody who vouches for clients. */
export interface Authority {
  readonly cert: string
  /** Makes a certificate for XMPP addresses (RFC 6120 §13.7.1.4), and the key to it. */
  issue(addresses: readonly string[]): CertificatePair
}

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30', '-batch']

/** Makes an authority with OpenSSL, which knows how to write any name. */
export function createAuthority(name: string): Authority {
  const made = request(['-subj', `/CN=${name}`])
  return {
    cert: made.cert,
    issue: (addresses) =>
      request(
        [
          '-subj',
          `/CN=${addresses[0]}`,
          '-addext',
          'basicConstraints=critical,CA:FALSE',
          '-addext',
          `subjectAltName=${addresses.map((one) => `otherName:1.3.6.1.5.5.7.8.5;UTF8:${one}`).join(',')}`,
        ],
        made,
      ),
  }
}

function request(about: readonly string[], signer?: CertificatePair): CertificatePair {
  const folder = mkdtempSync(join(tmpdir(), 'xmppkit-certificate-'))
  const at = (file: string) => join(folder, file)
  try {
    if (signer !== undefined) {
      writeFileSync(at('ca.pem'), signer.cert)
      writeFileSync(at('ca-key.pem'), signer.key)
    }
    const signed = signer === undefined ? [] : ['-CA', at('ca.pem'), '-CAkey', at('ca-key.pem')]
    const files = ['-keyout', at('key.pem'), '-out', at('cert.pem')]
    execFileSync('openssl', ['req', '-x509', ...curve, ...signed, ...files, ...about], { stdio: 'pipe' })
    return { cert: readFileSync(at('cert.pem'), 'utf8'), key: readFileSync(at('key.pem'), 'utf8') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
