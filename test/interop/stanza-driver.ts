import { createClient } from 'stanza'
import type { Driver, Ears, Login, WebClient } from './web-client.js'

type Client = ReturnType<typeof createClient>

/** It calls available what has no type. */
const shown = (type = 'available') => (type === 'available' ? '' : type)

function listen(client: Client, ears: Ears): void {
  client.on('message', ({ id = '', from, body }) => {
    if (body !== undefined) ears.messages.put({ id, from, body })
  })
  client.on('presence', ({ from, type }) => {
    ears.presences.put({ from, type: shown(type) })
  })
  client.on('session:started', () => {
    client
      .getRoster()
      .then(() => {
        client.sendPresence()
        ears.sessions.put('new')
      })
      .catch(() => {})
  })
  client.on('stream:management:resumed', () => ears.sessions.put('resumed'))
  client.on('disconnected', () => {
    if (!client.sessionTerminating) client.connect()
  })
}

function open({ url, username, domain, password }: Login, ears: Ears): WebClient {
  const client = createClient({
    jid: `${username}@${domain}`,
    resource: 'stanza',
    credentials: { username, password },
    transports: { websocket: url },
    // Its own way back waits longer each time.
    autoReconnect: false,
  })
  listen(client, ears)
  client.connect()
  return {
    say: (to, { id, body }) => void client.sendMessage({ to, id, body, type: 'chat' }),
    presence: (to, type) => void client.sendPresence({ to, type }),
    async slot({ name, size, type }) {
      const { upload, download } = await client.getUploadSlot(domain, { name, size, mediaType: type })
      return { put: upload.url, get: download }
    },
    async settle() {
      await client.ping(domain)
    },
    async close() {
      await client.disconnect()
    },
  }
}

/** stanza, which resumes its sessions (XEP-0198). */
export const stanzaDriver: Driver = {
  name: 'stanza over WebSocket',
  scheme: 'ws',
  path: '/xmpp-websocket',
  afterCut: 'resumed',
  open,
}
