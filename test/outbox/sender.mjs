// Sends messages on a server of its own until it is killed, and says of each when the server had taken responsibility.
//   node sender.mjs '{"path": …, "url": …, "secret": …, "run": 1, "sends": true}'
import { createServer } from '@xmppkit/server'

const { path, url, secret, run, sends } = JSON.parse(process.argv[2] ?? '{}')
const domain = 'outbox.test'
const senders = ['ann', 'bob', 'cem', 'dov']
const recipients = ['eve', 'fay', 'gil', 'han']

const server = await createServer({
  domains: [domain],
  storage: { path },
  accounts: { hashes: ['SHA-1'], iterations: 4096 },
  offline: { maxMessagesPerAccount: 100_000 },
  archive: { enabled: false },
  outbox: {
    webhooks: [{ name: 'hook', url, secret, types: ['message.sent'] }],
    backoffMs: 50,
    maxBackoffMs: 400,
  },
})
if (run === 0) {
  for (const name of [...senders, ...recipients]) {
    await server.commands.call('register', { account: `${name}@${domain}`, password: 'pw' })
  }
}
const say = (line) => new Promise((resolve) => process.stdout.write(`${line}\n`, resolve))
await say('open')

const talk = async (sender, recipient) => {
  const from = server.as(`${sender}@${domain}`)
  for (let n = 0; ; n += 1) {
    const { status } = await from.send({ to: `${recipient}@${domain}`, body: 'x', id: `${run}-${n}` })
    if (status !== 'stored') throw new Error(`a message was ${status}`)
    await say(`${sender} ${recipient} ${run} ${n}`)
  }
}
if (sends) await Promise.all(senders.flatMap((one) => recipients.map((other) => talk(one, other))))
else process.stdin.on('end', () => void server.close().then(() => process.exit(0))).resume()
