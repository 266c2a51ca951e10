import type { SqliteConnection, SqliteDriverName } from './sqlite-protocol.js'

export function openSqlite(
  path: string,
  wanted?: SqliteDriverName,
): Promise<{ name: SqliteDriverName; connection: SqliteConnection }>
