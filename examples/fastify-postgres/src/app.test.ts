import { randomBytes } from 'node:crypto'
import { createWireClient, framedTransport, webSocketFrames } from '@xmppkit/testing'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type App, startApp } from './app.js'

const domain = 'shop.example'
const server = process.env.XMPPKIT_TEST_POSTGRES

if (server === undefined && process.env.XMPPKIT_PEERS !== 'required') {
  test('PostgreSQL was not tested', ({ skip }) =>
    skip('XMPPKIT_TEST_POSTGRES is not the URL of a PostgreSQL'))
} else {
  const name = `example_${randomBytes(6).toString('hex')}`
  const database = new URL(server ?? 'XMPPKIT_TEST_POSTGRES must be the URL of a PostgreSQL')
  let app: App

  const administer = async (statement: string) => {
    const client = new pg.Client({ connectionString: server })
    await client.connect()
    await client.query(statement)
    await client.end()
  }
  beforeAll(async () => {
    await administer(`create database ${name}`)
    database.pathname = `/${name}`
    const trustedProxies = ['127.0.0.1']
    app = await startApp({ database: database.href, domain, host: '127.0.0.1', port: 0, trustedProxies })
  })
  afterAll(async () => {
    await app?.close()
    await administer(`drop database ${name} with (force)`)
  })

  const ask = async (method: string, path: string, body?: object) => {
    const headers = body && { 'Content-Type': 'application/json' }
    const response = await fetch(`http://127.0.0.1:${app.port}${path}`, {
      method,
      ...(body && { body: JSON.stringify(body), headers: headers! }),
    })
    return { status: response.status, text: await response.text() }
  }

  const connect = async (username: string, password: string) => {
    const headers = { 'X-Forwarded-Proto': 'https' }
    const ws = new WebSocket(`ws://127.0.0.1:${app.port}/xmpp-websocket`, 'xmpp', { headers })
    const client = createWireClient({ transport: framedTransport(webSocketFrames(ws)) }, { domain })
    await client.login({ username, password })
    client.send('<presence/>')
    return client
  }

  test('customers of the shop chat with what they log in to the shop with', async () => {
    expect((await ask('POST', '/customers', { name: 'juliet', password: 'short' })).status).toBe(400)
    const customer = { name: 'juliet', password: 'r0m30r0m30' }
    expect((await ask('POST', '/customers', customer)).status).toBe(201)
    expect((await ask('POST', '/customers', customer)).status).toBe(409)
    await expect(connect('juliet', 'wrong-password')).rejects.toThrow('not-authorized')

    // She is away: it waits for her in the database.
    expect((await ask('POST', '/orders/juliet/shipped')).text).toBe('{"outcome":"stored"}')
    const juliet = await connect('juliet', 'r0m30r0m30')
    await juliet.find(`<message from='shop@${domain}'><body>Your order has shipped.</body>{any}</message>`)
    // At once now; or by way of the database, as long as what waited there is on its way.
    expect((await ask('POST', '/orders/juliet/shipped')).text).toMatch(/^\{"outcome":"(delivered|stored)"\}$/)
    await juliet.find(`<message from='shop@${domain}'><body>Your order has shipped.</body>{any}</message>`)

    // She leaves the shop, and nothing of her stays.
    expect((await ask('DELETE', '/customers/juliet')).status).toBe(204)
    await juliet.ended
    await expect(connect('juliet', 'r0m30r0m30')).rejects.toThrow('not-authorized')
  })
}
