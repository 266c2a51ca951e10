import type { StandardSchemaV1 } from '@standard-schema/spec'
import {
  array,
  exactOptional,
  literal,
  minValue,
  number,
  pipe,
  record,
  strictObject,
  string,
  transform,
  union,
} from 'valibot'
import type { AccessConfig } from './config.js'

const texts = union([string(), array(string())])
const conditions = strictObject({
  acl: exactOptional(texts),
  user: exactOptional(texts),
  userGlob: exactOptional(texts),
  userRegexp: exactOptional(texts),
  server: exactOptional(texts),
  serverGlob: exactOptional(texts),
  serverRegexp: exactOptional(texts),
  resource: exactOptional(texts),
  resourceGlob: exactOptional(texts),
  resourceRegexp: exactOptional(texts),
  ip: exactOptional(texts),
})
const term = union([string(), conditions])
const who = union([term, array(term)])
// JSON and YAML have no Infinity, so it may be spelt out.
const amount = union([
  pipe(number(), minValue(0)),
  pipe(
    literal('infinity'),
    transform(() => Number.POSITIVE_INFINITY),
  ),
])
const shaper = strictObject({
  bytesPerSecond: exactOptional(amount),
  burstBytes: exactOptional(amount),
  operationsPerSecond: exactOptional(amount),
  burstOperations: exactOptional(amount),
})
const schema = strictObject({
  acls: exactOptional(record(string(), union([conditions, array(conditions)]))),
  accessRules: exactOptional(
    record(string(), array(union([strictObject({ allow: who }), strictObject({ deny: who })]))),
  ),
  shapers: exactOptional(record(string(), shaper)),
  shaperRules: exactOptional(
    record(
      string(),
      array(union([strictObject({ shaper: string(), for: who }), strictObject({ limit: amount, for: who })])),
    ),
  ),
})

/**
 * Checks the shape of a configuration that comes from a file: unknown keys are errors, `'infinity'` becomes `Infinity`.
 * Names, patterns and addresses are checked by {@link createAccess}.
 */
export const accessConfigSchema: StandardSchemaV1<unknown, AccessConfig> = {
  '~standard': {
    version: 1,
    vendor: 'xmppkit',
    validate(input) {
      // An array would pass as an object without keys.
      if (Array.isArray(input)) return { issues: [{ message: 'expected an object, not a list' }] }
      return schema['~standard'].validate(input)
    },
  },
}
