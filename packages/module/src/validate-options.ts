import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { ModuleUse } from './define-module.js'
import { ModuleError } from './errors.js'

// Schema libraries like to quote the value they refuse.
const secretPath = /pass|secret|token|credential|key/i

/**
 * The options a module will get: `{}` when none were given, and what its schema makes of them when it has one.
 *
 * @throws {@link ModuleError} `module/invalid-options` with one line per complaint of the schema
 */
export async function validateOptions({ module, options = {} }: ModuleUse): Promise<unknown> {
  if (!module.options) return options
  const result = await module.options['~standard'].validate(options)
  if (!result.issues) return result.value
  const complaints = result.issues.map((issue) => `  ${sentence(issue)}`)
  throw new ModuleError('module/invalid-options', `options of ${module.name}:\n${complaints.join('\n')}`)
}

function sentence({ path, message }: StandardSchemaV1.Issue): string {
  const names = path?.map((part) => String(typeof part === 'object' ? part.key : part)) ?? []
  if (names.length === 0) return message
  return `${names.join('.')}: ${names.some((name) => secretPath.test(name)) ? 'not valid' : message}`
}
