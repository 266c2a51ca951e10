// stanza in a process of its own, driven by lines of JSON (see commands.mjs). It speaks WebSocket only.
import { createHash } from 'node:crypto'
import { createClient } from 'stanza'
import { serveCommands, tell } from './commands.mjs'

let client

/** Waits for one of two events; the second is a failure. */
const settled = (good, bad) =>
  new Promise((resolve, reject) => {
    client.once(good, resolve)
    client.once(bad, (why) => reject(new Error(`${bad} ${JSON.stringify(why) ?? ''}`)))
  })

/** What came in copies; it tells of them as of other messages, too. */
const copies = new WeakSet()

function hearCopy({ carbon: { type, forward } }) {
  copies.add(forward.message)
  tell('message', { way: type, from: forward.message.from, body: forward.message.body })
}

function hearMessage(message) {
  const { from, body, type, error } = message
  if (type === 'error') tell('refused', { from, condition: error.condition })
  else if (body !== undefined && !copies.has(message)) tell('message', { way: 'direct', from, body })
}

function hearPresence({ from, type = 'available', vcardAvatar }) {
  tell('presence', { from, type, photo: typeof vcardAvatar === 'string' ? vcardAvatar : null })
}

async function login({ port, user, password, resource }) {
  client = createClient({
    jid: `${user}@chat.test`,
    resource,
    credentials: { username: user, password },
    transports: { websocket: `wss://127.0.0.1:${port}/xmpp-websocket` },
  })
  const used = []
  client.on('raw:outgoing', (data) => {
    const mechanism = /<auth [^>]*mechanism="([^"]+)"/.exec(data)?.[1]
    if (mechanism) used.push(mechanism)
  })
  client.on('carbon:received', hearCopy)
  client.on('carbon:sent', hearCopy)
  client.on('message', hearMessage)
  client.on('presence', hearPresence)
  client.on('stream:management:resumed', () => tell('resumed'))
  client.on('disconnected', () => {
    if (!client.sessionTerminating) client.connect()
  })
  const started = settled('session:started', 'auth:failed')
  client.connect()
  await started
  client.sendPresence()
  return { jid: client.jid, used, token: null }
}

/** What asks for the last page: it writes no empty text, but what becomes one. */
const fromTheEnd = { toString: () => '' }

async function page(direction, max, edge) {
  const forwards = direction === 'forwards'
  const paging = forwards ? { max, after: edge } : { max, before: edge ?? fromTheEnd }
  const answer = await client.searchHistory({ paging })
  return {
    found: answer.results.map(({ item }) => item.message.body),
    complete: answer.complete === true,
    edge: forwards ? answer.paging?.last : answer.paging?.first,
  }
}

serveCommands({
  login,
  logout: () => client.disconnect(),
  ping: () => client.ping('chat.test'),
  carbons: () => client.enableCarbons(),
  send({ to, body }) {
    client.sendMessage({ to, body, type: 'chat' })
  },
  block: ({ jid }) => client.block(jid).then(() => {}),
  unblock: ({ jid }) => client.unblock(jid).then(() => {}),
  blocked: async () => (await client.getBlocked()).jids ?? [],
  async archive({ direction, max }) {
    const pages = []
    for (let edge; ; ) {
      const one = await page(direction, max, edge)
      pages.push(one.found)
      if (one.complete) return pages
      edge = one.edge
    }
  },
  publishVCard: ({ name, type, photo }) =>
    client.publishVCard({
      format: 'vcard-temp',
      fullName: name,
      records: [{ type: 'photo', mediaType: type, data: photo }],
    }),
  async vCard({ of }) {
    const { fullName, records } = await client.getVCard(of)
    const { data } = records.find(({ type }) => type === 'photo')
    return { name: fullName, hash: createHash('sha1').update(Buffer.from(data, 'base64')).digest('hex') }
  },
})
