import { expect, test } from 'vitest'
import { createTestServer } from './test-server.js'
import { authenticate2 } from './wire-login2.js'

test('a login with SASL2 binds a resource and says what it was told', async () => {
  await using server = await createTestServer()
  await server.register('juliet@example.org')
  const client = server.dial()
  const { jid, token, features } = await authenticate2(client, await client.secure(), {
    username: 'juliet',
    password: 'juliet@example.org',
    clientId: 'd4565fa7-4d72-4749-b3d3-740edbf87770',
    tag: 'test',
  })
  expect(jid.toString()).toMatch(/^juliet@example\.org\/test\/[\w-]{16}$/)
  expect([token, features?.name]).toEqual([undefined, 'features'])
  client.send(`<message to='${jid}'><body>to myself</body></message>`)
  await client.expect('<message><body>to myself</body></message>')
})

test('one that fails says so', async () => {
  await using server = await createTestServer()
  await server.register('juliet@example.org')
  const client = server.dial()
  const login = { username: 'juliet', password: 'wrong' }
  await expect(authenticate2(client, await client.secure(), login)).rejects.toMatchObject({
    code: 'testing/login',
  })
})
