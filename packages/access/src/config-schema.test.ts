import { expect, test } from 'vitest'
import { createAccess } from './access.js'
import { accessConfigSchema } from './config-schema.js'

const check = (input: unknown) => accessConfigSchema['~standard'].validate(input)

test('a configuration from a file becomes typed data', async () => {
  const result = await check(
    JSON.parse(`{
      "acls": { "admin": { "user": ["admin@example.org"] }, "office": [{ "ip": "192.0.2.0/24" }] },
      "accessRules": { "c2s": [{ "deny": "none" }, { "allow": ["admin", { "ip": "::1" }] }] },
      "shapers": { "normal": { "bytesPerSecond": 3000 } },
      "shaperRules": { "sessions": [{ "limit": "infinity", "for": "admin" }, { "shaper": "normal", "for": "all" }] }
    }`),
  )
  if (result.issues) throw new Error(JSON.stringify(result.issues))
  expect(
    createAccess(result.value).limit(
      'sessions',
      { jid: { local: 'admin', domain: 'example.org', resource: '' } },
      1,
    ),
  ).toBe(Number.POSITIVE_INFINITY)
})

test.each([
  ['an unknown key', { acl: {} }, ['acl']],
  ['an unknown condition', { acls: { a: { usr: 'x' } } }, ['acls', 'a']],
  ['both verdicts', { accessRules: { c2s: [{ allow: 'a', deny: 'b' }] } }, ['accessRules', 'c2s', 0]],
  ['a text for a number', { shapers: { n: { bytesPerSecond: '3000' } } }, ['shapers', 'n', 'bytesPerSecond']],
  ['a list', [], undefined],
  ['nothing', null, undefined],
])('%s is refused with its place', async (_, input, path) => {
  const { issues } = await check(input)
  const place = issues?.[0]?.path?.map((step) => (typeof step === 'object' ? step.key : step))
  expect(issues?.length).toBeGreaterThan(0)
  expect(place?.slice(0, path?.length)).toEqual(path)
})

test('an own key named __proto__ defines nothing', async () => {
  const result = await check(JSON.parse('{"accessRules": {"__proto__": [{"allow": "all"}]}}'))
  if (result.issues) return
  const access = createAccess(result.value)
  expect(access.allows('__proto__', {})).toBe(false)
  expect(access.allows('nope', {})).toBe(false)
})
