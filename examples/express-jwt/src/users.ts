import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import Database from 'libsql'

const hash = promisify(scrypt) as (password: string, salt: Buffer, length: number) => Promise<Buffer>

/** The users of the app, in its own table. */
export interface Users {
  add(name: string, password: string): Promise<boolean>
  check(name: string, password: string): Promise<boolean>
  has(name: string): boolean
  close(): void
}

interface Row {
  readonly salt: Buffer
  readonly hash: Buffer
}

/** Opens the table in a SQLite file, or in memory. */
export function openUsers(path: string): Users {
  const db = new Database(path)
  db.exec('create table if not exists users (name text primary key, salt blob not null, hash blob not null)')
  const find = db.prepare('select salt, hash from users where name = ?')
  const insert = db.prepare('insert into users (name, salt, hash) values (?, ?, ?) on conflict do nothing')
  const rowOf = (name: string) => find.get(name) as Row | undefined
  const nobody: Row = { salt: randomBytes(16), hash: randomBytes(32) }
  return {
    async add(name, password) {
      const salt = randomBytes(16)
      return insert.run(name, salt, await hash(password, salt, 32)).changes === 1
    },
    async check(name, password) {
      // As much work for a name nobody has, so that time tells nothing.
      const row = rowOf(name) ?? nobody
      return timingSafeEqual(await hash(password, Buffer.from(row.salt), 32), Buffer.from(row.hash))
    },
    has: (name) => rowOf(name) !== undefined,
    close: () => void db.close(),
  }
}
