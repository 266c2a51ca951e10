import { $iq, $msg, $pres, Strophe } from 'strophe.js'
import { type Driver, type Ears, type FileRequest, type Login, slots, type WebClient } from './web-client.js'

/** What is used of an element of the DOM. */
interface Stanza {
  readonly tagName: string
  readonly textContent: string | null
  getAttribute(name: string): string | null
  getElementsByTagName(name: string): ArrayLike<Stanza>
}

type Connection = InstanceType<typeof Strophe.Connection>

function hear(stanza: Stanza, ears: Ears): void {
  const of = (name: string) => stanza.getAttribute(name) ?? ''
  const [body] = Array.from(stanza.getElementsByTagName('body'))
  if (stanza.tagName === 'presence') ears.presences.put({ from: of('from'), type: of('type') })
  else if (stanza.tagName === 'message' && body)
    ears.messages.put({ id: of('id'), from: of('from'), body: body.textContent ?? '' })
}

const ask = (connection: Connection, request: ReturnType<typeof $iq>) =>
  new Promise<Stanza>((resolve, reject) => connection.sendIQ(request, resolve as never, reject))

async function greet(connection: Connection, ears: Ears): Promise<void> {
  await ask(connection, $iq({ type: 'get' }).c('query', { xmlns: 'jabber:iq:roster' }))
  connection.send($pres())
  ears.sessions.put('new')
}

async function slot(connection: Connection, domain: string, file: FileRequest) {
  const { name: filename, size, type } = file
  const request = { xmlns: slots, filename, size: String(size), 'content-type': type }
  const answer = await ask(connection, $iq({ type: 'get', to: domain }).c('request', request))
  const url = (name: string) => answer.getElementsByTagName(name)[0]!.getAttribute('url')!
  return { put: url('put'), get: url('get') }
}

function open({ url, username, domain, password }: Login, ears: Ears): WebClient {
  let connection: Connection
  let left: (() => void) | undefined
  const connect = () => {
    connection = new Strophe.Connection(url)
    connection.addHandler((stanza: never) => {
      hear(stanza, ears)
      return true
    }, null as never)
    connection.connect(`${username}@${domain}/strophe`, password, (status: number) => {
      // A roster that is not answered is that of a connection which is gone: there will be another.
      if (status === Strophe.Status.CONNECTED) greet(connection, ears).catch(() => {})
      else if (status === Strophe.Status.DISCONNECTED) (left ?? connect)()
    })
  }
  connect()
  return {
    say(to, { id, body }) {
      connection.send($msg({ to, id, type: 'chat' }).c('body').t(body))
    },
    presence: (to, type) => connection.send($pres({ to, type })),
    slot: (file) => slot(connection, domain, file),
    async settle() {
      await ask(connection, $iq({ type: 'get', to: domain }).c('ping', { xmlns: 'urn:xmpp:ping' }))
    },
    close: () =>
      new Promise((resolve) => {
        left = resolve
        connection.disconnect('bye')
      }),
  }
}

/** strophe.js as it is by default, without stream management: over BOSH its session outlives a connection all the same. */
export const stropheDrivers: readonly Driver[] = [
  { name: 'strophe.js over WebSocket', scheme: 'ws', path: '/xmpp-websocket', afterCut: 'new', open },
  { name: 'strophe.js over BOSH', scheme: 'http', path: '/http-bind', afterCut: 'same', open },
]
