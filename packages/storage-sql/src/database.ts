import type { Dialect } from './dialect.js'

/** What a parameter or column can hold. */
export type SqlValue = string | number | boolean | null

/** A row as the driver gives it; only the columns asked for are looked at. */
export type Row = Readonly<Record<string, unknown>>

/** A statement, compiled once for one dialect. */
export interface Compiled {
  /** Unique; PostgreSQL prepares it under this name. */
  readonly name: string
  /** Its text. */
  readonly sql: string
  /** Whether it answers with rows. */
  readonly returns: boolean
  /** Whether it adds one row and is answered with its `id`, though its text does not ask for it. */
  readonly givesId?: boolean
}

/** A statement and its values. */
export interface Step {
  /** The statement. */
  readonly statement: Compiled
  /** Its values, in order of its placeholders. */
  readonly values: readonly SqlValue[]
  /** The unit ends here, having done nothing, when this step changes or finds no row. Only for first steps. */
  readonly guard?: boolean
}

/** What one step came to. */
export interface StepResult {
  /** Rows it answered with. */
  readonly rows: readonly Row[]
  /** Rows it changed. */
  readonly changes: number
}

/** Steps that happen together or not at all. */
export interface Unit {
  /** What the unit is about, usually an account: units of one lock happen one after another, across processes too. */
  readonly lock: string
  /** What else it is about; of units that have this as their lock, others may come before it that were asked for later. */
  readonly also?: string
  /** The steps. */
  readonly steps: readonly Step[]
}

/** A unit was ended by its guard. */
export const guarded = 'guarded'

/** What a unit came to: the result of each step, or that its guard ended it. */
export type UnitResult = readonly StepResult[] | typeof guarded

/** A database that is open, whatever is behind it. */
export interface SqlDatabase {
  /** How it wants things written. */
  readonly dialect: Dialect
  /** For logs and status: `libsql (SQLite 3.45.1)`. */
  readonly description: string
  /** Answers with the rows of a statement that changes nothing. Sees every write that has resolved. */
  read(step: Step): Promise<readonly Row[]>
  /** Does a unit; resolves when it is durable. */
  write(unit: Unit): Promise<UnitResult>
  /** Waits for what is under way, then lets go. */
  close(): Promise<void>
}

/** Characters of text in steps: what it costs to keep them waiting. */
export function lengthOf(...steps: readonly Step[]): number {
  let length = 0
  for (const { values } of steps)
    for (const value of values) length += typeof value === 'string' ? value.length : 8
  return length
}
