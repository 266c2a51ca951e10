// @ts-check
import { createRequire } from 'node:module'
// lint-allow process: which drivers may be loaded depends on the version of Node, and nobody else should have to know.
import { versions } from 'node:process'

/** @typedef {import('./sqlite-protocol.js').SqliteDriverName} SqliteDriverName */
/** @typedef {import('./sqlite-protocol.js').SqliteConnection} SqliteConnection */

/** @type {readonly SqliteDriverName[]} */
const order = ['node:sqlite', 'better-sqlite3', 'libsql']

const [major = 0, minor = 0] = versions.node.split('.').map(Number)
const require = createRequire(import.meta.url)

/**
 * Why a driver must not even be loaded here.
 * @param {SqliteDriverName} name
 * @returns {string | undefined}
 */
function unfit(name) {
  // Earlier it needed a flag and lacked members that are used here.
  if (name === 'node:sqlite' && (major < 22 || (major === 22 && minor < 13))) return 'needs Node 22.13'
  // 13 is built for Node-API 10 and takes older processes down with it, without an error to catch.
  if (name === 'better-sqlite3' && (major < 22 || (major === 22 && minor < 14))) {
    return Number.parseInt(require('better-sqlite3/package.json').version, 10) >= 13
      ? 'version 13 needs Node 22.14'
      : undefined
  }
  return undefined
}

/**
 * Opens a file with one driver.
 * @param {SqliteDriverName} name
 * @returns {Promise<(path: string) => SqliteConnection>}
 */
async function load(name) {
  // A variable keeps bundlers from looking for what may not be there.
  const module = await import(name)
  return (path) => (name === 'node:sqlite' ? new module.DatabaseSync(path) : new module.default(path))
}

/**
 * Opens a file with the driver that was asked for, or the first that is there.
 * @param {string} path
 * @param {SqliteDriverName} [wanted]
 * @returns {Promise<{ name: SqliteDriverName, connection: SqliteConnection }>}
 */
export async function openSqlite(path, wanted) {
  /** @type {string[]} */
  const reasons = []
  for (const name of wanted ? [wanted] : order) {
    let open
    try {
      const reason = unfit(name)
      if (reason) {
        reasons.push(`${name}: ${reason}`)
        continue
      }
      open = await load(name)
    } catch (error) {
      const { code, message } = /** @type {{ code?: string, message?: string }} */ (error)
      const missing =
        code === 'ERR_MODULE_NOT_FOUND' ||
        code === 'MODULE_NOT_FOUND' ||
        code === 'ERR_UNKNOWN_BUILTIN_MODULE'
      reasons.push(`${name}: ${missing ? 'not installed' : message}`)
      continue
    }
    return { name, connection: open(path) }
  }
  throw Object.assign(new Error(reasons.join('; ')), { code: 'NO_DRIVER' })
}
