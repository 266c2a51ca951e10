// Appends messages for several accounts as fast as it may, and says each id once its promise has resolved.
// Run by crash.test.ts, which kills it.
import { parseJid } from '@xmppkit/jid'
import { createSqlStorage } from '@xmppkit/storage-sql'

const [target, run] = process.argv.slice(2)
const storage = await createSqlStorage(JSON.parse(target))
const accounts = Array.from({ length: 8 }, (_, n) => parseJid(`user${n}@example.org`).bare)

async function write(account, writer) {
  for (let n = 0; ; n += 1) {
    const name = `${run}-${writer}-${n}`
    const stanza = `<message id="${name}"><body>${'x'.repeat(200)}</body></message>`
    await storage.offline.append(account, { stanza, receivedAt: Date.now() }, Number.POSITIVE_INFINITY)
    process.stdout.write(`${account} ${name}\n`)
  }
}

process.stdout.write('open\n')
await Promise.all(accounts.flatMap((account, n) => [write(account, `${n}a`), write(account, `${n}b`)]))
