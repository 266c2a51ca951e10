// @ts-check
// One self-signed certificate (ECDSA P-256) for all servers of a run.
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const tcp = new URL('../../packages/tcp/dist/index.js', import.meta.url)

/**
 * @param {string} folder
 * @param {string[]} domains
 * @returns {Promise<{ cert: string, key: string, both: string }>} paths; `both` holds key and certificate
 */
export async function makeCertificate(folder, domains) {
  const { createDevelopmentCertificate } = await import(tcp.href).catch((cause) => {
    throw new Error(`build first: node packages/tooling/build.mjs --js (${fileURLToPath(tcp)})`, { cause })
  })
  const pair = await createDevelopmentCertificate({ domains, now: Date.now() })
  const paths = {
    cert: join(folder, 'cert.pem'),
    key: join(folder, 'key.pem'),
    both: join(folder, 'both.pem'),
  }
  writeFileSync(paths.cert, pair.cert)
  writeFileSync(paths.key, pair.key)
  writeFileSync(paths.both, pair.key + pair.cert)
  for (const path of Object.values(paths)) chmodSync(path, 0o600)
  return paths
}
