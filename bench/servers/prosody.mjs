// @ts-check
// Prosody with what the load needs and nothing else: the cheapest it can be.
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isInstalled } from '../machine.mjs'

const modules = ['saslauth', 'tls', 'roster', 'disco', 'ping', 'register', 'offline']

/** @param {import('./start.mjs').StartContext} context */
function configuration({ folder, port, tlsPort, domains, certificate }) {
  const quoted = (/** @type {string} */ text) => JSON.stringify(text)
  return `run_as_root = true
pidfile = ${quoted(join(folder, 'prosody.pid'))}
data_path = ${quoted(join(folder, 'data'))}
log = { error = ${quoted(join(folder, 'prosody.log'))} }

-- Loopback only, and no other servers.
interfaces = { "127.0.0.1" }
c2s_ports = { ${port} }
c2s_direct_tls_ports = { ${tlsPort} }
modules_enabled = { ${modules.map(quoted).join(', ')} }
modules_disabled = { "s2s" }

network_backend = "epoll"
network_settings = { tcp_backlog = 2048, nagle = false }
-- Costs less here than the collector it ships with.
gc = { mode = "generational" }

authentication = "internal_hashed"
password_hash = "SHA-1"
default_iteration_count = 4096
storage = "internal"
allow_registration = true
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
ssl = { certificate = ${quoted(certificate.cert)}, key = ${quoted(certificate.key)} }

${domains.map((domain) => `VirtualHost ${quoted(domain)}`).join('\n')}
`
}

/** @type {import('./start.mjs').ServerKind} */
export const prosody = {
  name: 'prosody',
  installed: () => isInstalled('prosody'),
  version() {
    const { stdout } = spawnSync('prosodyctl', ['about'], { encoding: 'utf8', timeout: 20_000 })
    return /^Prosody (\d\S*)/m.exec(stdout ?? '')?.[1] ?? 'unknown'
  },
  prepare(context) {
    mkdirSync(join(context.folder, 'data'), { recursive: true })
    const file = join(context.folder, 'prosody.cfg.lua')
    writeFileSync(file, configuration(context))
    return { command: ['prosody', '-F', '--config', file] }
  },
}
