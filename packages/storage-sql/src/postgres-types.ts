/** What a query of the driver is given. */
export interface PostgresQuery {
  /** Name to prepare it under; absent = not prepared. */
  readonly name?: string
  /** The statement. */
  readonly text: string
  /** Its values. */
  readonly values?: unknown[]
}

/** What a query comes to. */
export interface PostgresResult {
  /** Its rows. */
  readonly rows: Record<string, unknown>[]
  /** Rows found or changed. */
  readonly rowCount: number | null
}

/** A connection of a pool, as `pg` has it. */
export interface PostgresClient {
  /** Whether it takes queries before it has answered earlier ones (newer versions of `pg`, when the pool was made with `pipeline`). */
  readonly pipeline?: boolean
  /** Runs a query. */
  query(query: PostgresQuery): Promise<PostgresResult>
  /** Tells of the loss of the connection. */
  on(event: 'error', listener: (error: Error) => void): unknown
  /** Undoes `on`. */
  off(event: 'error', listener: (error: Error) => void): unknown
  /** Gives it back; with an error or `true` it is thrown away instead. */
  release(destroy?: boolean | Error): void
}

/** A pool of connections, as `pg` makes it. */
export interface PostgresPool {
  /** Takes a connection. */
  connect(): Promise<PostgresClient>
  /** Ends all connections. */
  end(): Promise<void>
  /** Tells of errors of connections nobody uses. */
  on(event: 'error', listener: (error: Error) => void): unknown
  /** Undoes `on`. */
  off(event: 'error', listener: (error: Error) => void): unknown
}
