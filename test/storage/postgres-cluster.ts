import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'

/** A PostgreSQL server to test with. */
export interface PostgresCluster extends AsyncDisposable {
  /** Where it is; its user may create schemas and databases. */
  readonly url: string
  /** Stops it at once, as a crash would, and starts it again; only for one of our own. */
  readonly crash?: () => Promise<void>
}

/** Why there is no server to test with. */
export class NoPostgres extends Error {}

const root = '/usr/lib/postgresql'

/** The server of XMPPKIT_TEST_POSTGRES, or a private one in a folder of its own. */
export async function openPostgres(): Promise<PostgresCluster> {
  const url = process.env.XMPPKIT_TEST_POSTGRES
  if (url) return { url, [Symbol.asyncDispose]: async () => {} }
  const versions = existsSync(root)
    ? readdirSync(root).filter((name) => existsSync(join(root, name, 'bin/initdb')))
    : []
  const newest = versions.sort((a, b) => Number(a) - Number(b)).at(-1)
  if (!newest) throw new NoPostgres(`XMPPKIT_TEST_POSTGRES is not set, and there is no initdb under ${root}`)
  return startCluster(join(root, newest, 'bin'))
}

/** PostgreSQL refuses to run as root. */
function user(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

async function startCluster(bin: string): Promise<PostgresCluster> {
  const as = user()
  const folder = mkdtempSync(join(tmpdir(), 'xmppkit-postgres-'))
  if (as.uid !== undefined && as.gid !== undefined) chownSync(folder, as.uid, as.gid)
  const data = join(folder, 'data')
  const quiet = { ...as, cwd: folder, stdio: 'ignore' as const }
  execFileSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '-N'],
    quiet,
  )
  // The port only names the socket; nothing listens on the network.
  const url = `postgresql://postgres@localhost/postgres?host=${encodeURIComponent(folder)}`
  let server = await startServer(bin, data, folder, as, url)
  return {
    url,
    async crash() {
      await stopServer(server, 'QUIT')
      server = await startServer(bin, data, folder, as, url)
    },
    async [Symbol.asyncDispose]() {
      await stopServer(server, 'INT')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

// The shell ends the server when its input ends, so the server cannot outlive this process, however that ends.
const guardian = '"$0" "$@" & server=$!; read signal || signal=INT; kill -"$signal" $server; wait $server'

async function startServer(
  bin: string,
  data: string,
  folder: string,
  as: object,
  url: string,
): Promise<ChildProcess> {
  const settings = [
    'listen_addresses=',
    `unix_socket_directories=${folder}`,
    'fsync=off',
    'max_connections=60',
  ]
  const args = ['-D', data, ...settings.flatMap((setting) => ['-c', setting])]
  const server = spawn('sh', ['-c', guardian, join(bin, 'postgres'), ...args], {
    ...as,
    cwd: folder,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const deadline = performance.now() + 30_000
  for (;;) {
    const client = new pg.Client({ connectionString: url })
    try {
      await client.connect()
      await client.end()
      return server
    } catch (error) {
      if (server.exitCode !== null || performance.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

function stopServer(server: ChildProcess, signal: 'INT' | 'QUIT'): Promise<void> {
  if (server.exitCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    server.once('exit', () => resolve())
    server.stdin?.end(`${signal}\n`)
  })
}
