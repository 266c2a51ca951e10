import { postgres, sqlite } from './dialect.js'
import { migrationSteps } from './migrations.js'

/**
 * The statements that make the tables, as text to read: for reviews and for those who want to know what they query. The
 * storage runs them itself.
 */
export function schemaSql(database: 'sqlite' | 'postgres'): string {
  const { types } = database === 'sqlite' ? sqlite : postgres
  const steps = migrationSteps(types).map(
    ({ id, name, statements }) => `-- ${id}. ${name}\n${statements.map((sql) => `${sql};\n`).join('')}`,
  )
  return steps.join('\n')
}
