import { NS } from '@xmppkit/stanza'
import { escapeAttribute } from '@xmppkit/xml'
import { type Actor, createActor, pause, type Stage } from './actors.js'
import { domain, mainResource, password, recipients, senders } from './cast.js'

/** Lets everybody come back and take what waits for them, by account; resolves when they have confirmed all of it. */
export async function takeAll(stage: Stage, waiting: ReadonlyMap<string, readonly string[]>): Promise<void> {
  await Promise.all(recipients.map((one) => takeOne(stage, one, waiting.get(one.account) ?? [])))
}

async function takeOne(
  stage: Stage,
  { account, managed }: { readonly account: string; readonly managed: boolean },
  waiting: readonly string[],
): Promise<void> {
  const actor: Actor = createActor(stage, { account, resource: mainResource, managed })
  await actor.client.arrive('anew')
  const until = performance.now() + 60_000
  const missing = () => waiting.filter((id) => !actor.seen.has(id))
  for (;;) {
    // What comes while it confirms is not confirmed by that.
    const hasAll = missing().length === 0
    const confirmed = await actor.confirm()
    if (hasAll && confirmed) break
    if (performance.now() > until) throw new Error(`${account} does not get ${missing().join(' ')}`)
    // A pause of this machine may have cost it its connection: what it has not confirmed waits for it.
    if (!actor.client.connected) await actor.client.arrive('resume')
    await pause(5)
  }
  await actor.client.leave()
}

/** Reads the archives of everybody, page by page. */
export async function readArchives(stage: Stage): Promise<Map<string, Map<string, string[]>>> {
  const archives = new Map<string, Map<string, string[]>>()
  for (const account of [...senders, ...recipients.map((one) => one.account)])
    archives.set(account, await readArchive(stage, account))
  return archives
}

async function readArchive(stage: Stage, username: string): Promise<Map<string, string[]>> {
  const client = stage.dial()
  await client.login({ username, password, resource: 'archive' })
  const found = new Map<string, string[]>()
  for (let after = ''; ; ) {
    const page = `<set xmlns='${NS.rsm}'><max>250</max>${after && `<after>${escapeAttribute(after)}</after>`}</set>`
    client.send(`<iq type='set' id='page'><query xmlns='${NS.mam}'>${page}</query></iq>`)
    let el = await client.receive()
    for (; el.name === 'message'; el = await client.receive()) {
      const result = el.child('result', NS.mam)
      const id = result?.child('forwarded', NS.forward)?.child('message', NS.client)?.attr('id') ?? ''
      found.set(id, [...(found.get(id) ?? []), result?.attr('id') ?? ''])
    }
    const fin = el.child('fin', NS.mam)
    if (fin === undefined) throw new Error(`${username}@${domain} cannot read its archive`)
    if (fin.attr('complete') === 'true') break
    after = fin.child('set', NS.rsm)?.childText('last', NS.rsm) ?? ''
  }
  await client.close()
  return found
}
