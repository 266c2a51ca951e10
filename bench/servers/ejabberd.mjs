// @ts-check
// ejabberd with what the load needs and nothing else, without Erlang distribution: no port beyond loopback.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isInstalled } from '../machine.mjs'

const script = '/usr/sbin/ejabberdctl'

/** @param {import('./start.mjs').StartContext} context */
function configuration({ port, tlsPort, domains, certificate }) {
  const listener = (/** @type {number} */ number, /** @type {string} */ tls) => `  - port: ${number}
    ip: "127.0.0.1"
    module: ejabberd_c2s
    access: all
    backlog: 2048
    max_stanza_size: 262144
    ${tls}`
  return `hosts: ${JSON.stringify(domains)}
loglevel: error
certfiles: [${JSON.stringify(certificate.both)}]
listen:
${listener(port, 'starttls: true')}
${listener(tlsPort, 'tls: true')}
default_db: mnesia
auth_method: mnesia
auth_password_format: scram
auth_scram_hash: sha
disable_sasl_mechanisms: ["digest-md5", "x-oauth2"]
cache_size: 100000
registration_timeout: infinity
shaper_rules:
  max_user_sessions: 100
  offline_limit: infinity
modules:
  mod_disco: {}
  mod_ping: {}
  mod_roster: {}
  mod_offline:
    access_max_user_messages: offline_limit
  mod_register:
    ip_access: all
    access: all
`
}

/** Where Debian keeps ejabberd's own application: outside of Erlang's library, so the command has to say it. */
const libraries = () => /^ERL_LIBS='(.*)'/m.exec(readFileSync(script, 'utf8'))?.[1] ?? ''

/** @type {import('./start.mjs').ServerKind} */
export const ejabberd = {
  name: 'ejabberd',
  installed: () => existsSync(script) && isInstalled('erl'),
  version: () =>
    readdirSync(libraries())
      .map((name) => /^ejabberd-(.+)$/.exec(name)?.[1])
      .find((version) => version !== undefined) ?? 'unknown',
  prepare(context) {
    const { folder } = context
    mkdirSync(join(folder, 'data'), { recursive: true })
    const file = join(folder, 'ejabberd.yml')
    writeFileSync(file, configuration(context))
    // One scheduler, as it has one core; and it sleeps when it has nothing to do, which costs less here.
    const flags = '+K true +P 250000 +Q 65536 +S 1:1 +SDcpu 1:1 +sbwt none +sbwtdcpu none +sbwtdio none'
    const mnesia = [
      '-mnesia',
      'dir',
      `"${join(folder, 'data')}"`,
      '-mnesia',
      'dump_log_write_threshold',
      '10000',
    ]
    return {
      command: ['erl', ...flags.split(' '), '-noinput', ...mnesia, '-s', 'ejabberd'],
      env: {
        EJABBERD_CONFIG_PATH: file,
        EJABBERD_LOG_PATH: join(folder, 'ejabberd.log'),
        ERL_LIBS: libraries(),
        ERL_MAX_PORTS: '65536',
        ERL_CRASH_DUMP_SECONDS: '0',
        HOME: folder,
      },
    }
  },
}
