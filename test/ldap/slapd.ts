import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDevelopmentCertificate } from '@xmppkit/tcp'

/** A directory of its own process: Debian's slapd, which `apt-get install slapd` brings. */
export interface Directory extends AsyncDisposable {
  /** Without TLS, and with STARTTLS. */
  readonly url: string
  /** With TLS from the first byte. */
  readonly tlsUrl: string
  /** The certificate to trust, PEM. */
  readonly ca: string
  /** Stops answering, and answers again. */
  pause(): void
  resume(): void
  /** Stops, and starts again on the same ports with what it had. */
  restart(): Promise<void>
  stop(): Promise<void>
}

export const suffix = 'dc=capulet,dc=test'
export const people = `ou=people,${suffix}`
export const finder = { bindDn: `cn=xmpp,${suffix}`, bindPassword: 'finder s3cret' }

/** Starts a directory with these entries, in LDIF, and nobody else's. */
export async function startDirectory(entries: string, extra = ''): Promise<Directory> {
  const folder = mkdtempSync(join(tmpdir(), 'xmppkit-slapd-'))
  const [port, tlsPort] = [await freePort(), await freePort()]
  const { cert, key } = await createDevelopmentCertificate({ domains: ['localhost'], now: Date.now() })
  const at = (name: string) => join(folder, name)
  mkdirSync(at('data'))
  writeFileSync(at('cert.pem'), cert)
  writeFileSync(at('key.pem'), key, { mode: 0o600 })
  writeFileSync(at('slapd.conf'), configuration(folder, extra))
  writeFileSync(at('entries.ldif'), `${base}\n${entries}`)
  execFileSync(slapd, ['-T', 'add', '-f', at('slapd.conf'), '-l', at('entries.ldif')], { stdio: 'pipe' })
  const urls = [`ldap://127.0.0.1:${port}`, `ldaps://127.0.0.1:${tlsPort}`] as const
  const start = () => startProcess(at('slapd.conf'), urls)
  let child = await start()
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGCONT')
    child.kill('SIGTERM')
    await exited
  }
  return {
    url: urls[0],
    tlsUrl: urls[1],
    ca: cert,
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    stop,
    async restart() {
      await stop()
      child = await start()
    },
    async [Symbol.asyncDispose]() {
      await stop()
      rmSync(folder, { recursive: true })
    },
  }
}

const slapd = '/usr/sbin/slapd'

async function startProcess(file: string, urls: readonly string[]) {
  const child = spawn(slapd, ['-f', file, '-h', urls.map((url) => `${url}/`).join(' '), '-d', '256'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error(`slapd ended: ${said}`)))
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      if (said.includes('slapd starting')) resolve()
    })
  })
  child.removeAllListeners('exit')
  // It says so a moment before it listens.
  for (const url of urls) while (!(await answers(Number(new URL(url).port))));
  return child
}

function answers(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port })
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
  }).finally(() => socket.destroy()) as Promise<boolean>
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

// Passwords cannot be read, only tried; nobody but the finder sees people.
const configuration = (folder: string, extra: string) => `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile ${folder}/pid
TLSCertificateFile ${folder}/cert.pem
TLSCertificateKeyFile ${folder}/key.pem
TLSCACertificateFile ${folder}/cert.pem
allow bind_anon_cred
${extra}
database mdb
suffix "${suffix}"
directory ${folder}/data
rootdn "cn=admin,${suffix}"
access to attrs=userPassword by anonymous auth by * none
access to dn.base="${suffix}" by * read
access to * by dn.exact="${finder.bindDn}" read by * none
`

const base = `dn: ${suffix}
objectClass: dcObject
objectClass: organization
dc: capulet
o: Capulet

dn: ${finder.bindDn}
objectClass: applicationProcess
objectClass: simpleSecurityObject
cn: xmpp
userPassword: ${finder.bindPassword}

dn: ${people}
objectClass: organizationalUnit
ou: people
`

/** A person as an entry. */
export function person(uid: string, password: string | undefined, more = ''): string {
  return `dn: uid=${uid.replace(/[,+"\\<>;=]/g, (one) => `\\${one.charCodeAt(0).toString(16)}`)},${people}
objectClass: inetOrgPerson
uid: ${uid}
cn: ${uid}
sn: ${uid}
${password === undefined ? '' : `userPassword: ${password}\n`}${more}
`
}
