// @ts-check
// xmppkit as a person would start it: the command of this checkout, with SQLite in a folder.
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const command = fileURLToPath(new URL('../../packages/cli/bin/xmppkit.js', import.meta.url))
const built = fileURLToPath(new URL('../../packages/cli/dist/index.js', import.meta.url))
const manifest = new URL('../../package.json', import.meta.url)

/** Limits per address and per client, which the other servers do not have either: all load comes from one address. */
const lifted = [
  '--max-connections=Infinity',
  '--max-connections-per-address=Infinity',
  '--max-attempts-per-address=Infinity',
  '--max-registrations-per-address=Infinity',
  '--set=c2s.shaper={}',
]
/** The others keep no archive either; with one, what waits for somebody is never refused. */
const features = ['--set=archive.enabled=false']
/** Passwords are stored as the other servers store them. */
const passwords = ['--set=accounts.hashes=["SHA-1"]', '--set=accounts.iterations=4096']

/** @type {import('./start.mjs').ServerKind} */
export const xmppkit = {
  name: 'xmppkit',
  installed: () => existsSync(built),
  version: () => JSON.parse(readFileSync(manifest, 'utf8')).version,
  prepare({ folder, port, tlsPort, domains, certificate, flags }) {
    return {
      command: [
        process.execPath,
        command,
        'serve',
        ...domains.map((domain) => `--domain=${domain}`),
        '--host=127.0.0.1',
        `--c2s-port=${port}`,
        `--tls-port=${tlsPort}`,
        `--tls-cert=${certificate.cert}`,
        `--tls-key=${certificate.key}`,
        `--data=${folder}/data`,
        '--allow-registration',
        '--allow-plaintext',
        '--log-level=error',
        ...lifted,
        ...passwords,
        ...features,
        ...flags,
      ],
    }
  },
}
