import { NS } from '@xmppkit/stanza'
import type { WireClient } from '@xmppkit/testing'
import type { RawElement } from '@xmppkit/xml'
import { domain, mainResource, type Nature, type Recipient, recipients, secondResource } from './cast.js'
import { type Client, createClient } from './client.js'
import type { Entry, Ledger, SessionBook, Way } from './ledger.js'

/** Numbers below a limit, the same for the same seed. */
export type Random = (below: number) => number

/** Where everybody acts: the server of the moment. */
export interface Stage {
  readonly ledger: Ledger
  dial(): WireClient
  /** True from the moment the server is killed: nobody writes anything from then on. */
  readonly over: boolean
}

/** Waits; nothing in these tests depends on how long. */
export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** A client, and the book of the session it has. */
export interface Actor {
  readonly client: Client
  readonly name: string
  /** Ids of the messages it has got in any session. */
  readonly seen: Set<string>
  /** Acknowledges what it has and lets the server answer: from then on none of it may come again. */
  confirm(): Promise<boolean>
}

const carbonsEnable = `<iq type='set' id='carbons'><enable xmlns='${NS.carbons}'/></iq>`

/** Makes a client that writes down what it hears. */
export function createActor(
  stage: Stage,
  who: { readonly account: string; readonly resource: string; readonly managed: boolean },
): Actor {
  const { ledger } = stage
  const name = `${who.account}/${who.resource}`
  const isSecond = who.resource === secondResource
  const seen = new Set<string>()
  let book: SessionBook = ledger.session(name)

  const note = (message: RawElement, way: Way) => {
    const id = message.attr('id') ?? ''
    seen.add(id)
    book.received(id, way, archiveIdOf(message, who.account))
  }
  const heard = (el: RawElement) => {
    if (el.name !== 'message') return
    const copied = copiedMessage(el)
    if (copied !== undefined) note(copied, 'copy')
    else if (el.attr('type') === 'error') ledger.refused(el.attr('id') ?? '', conditionOf(el))
    else note(el, wayOf(el))
  }
  const client = createClient({
    ...who,
    dial: () => stage.dial(),
    ...(isSecond && { wants: carbonsEnable }),
    presence: `<presence><priority>${isSecond ? 1 : 5}</priority></presence>`,
    opened: () => {
      book = ledger.session(name)
      ledger.note(name, 'has a new session')
    },
    resumed() {
      ledger.counts.resumed++
      ledger.note(name, 'goes on with its session')
    },
    gone: (how) => ledger.note(name, how),
    heard,
    acknowledged: (id, isLast) => ledger.acknowledged(id, isLast),
  })
  return {
    client,
    name,
    seen,
    async confirm() {
      const { mark } = book
      const about = book
      const answered = await client.confirm()
      if (answered) about.confirmed(mark)
      return answered
    },
  }
}

function copiedMessage(el: RawElement): RawElement | undefined {
  const copy = el.child('received', NS.carbons) ?? el.child('sent', NS.carbons)
  return copy?.child('forwarded', NS.forward)?.child('message', NS.client)
}

function conditionOf(message: RawElement): string {
  const [condition] = message.child('error', NS.client)?.children ?? []
  return condition?.name ?? 'none'
}

function wayOf(message: RawElement): Way {
  const delay = message.child('delay', NS.delay)
  if (delay === undefined) return 'live'
  return delay.text() === 'Offline storage' ? 'stored' : 'late'
}

function archiveIdOf(message: RawElement, account: string): string | undefined {
  const el = message.child('stanza-id', NS.stanzaIds)
  return el?.attr('by') === `${account}@${domain}` ? el.attr('id') : undefined
}

/** Who sends, and how much. */
export interface Sender {
  readonly account: string
  readonly stream: string
  /** True once it has sent enough. */
  readonly enough: () => boolean
  /** It has, or the server is gone. */
  readonly finished: () => void
}

/** Sends bursts of messages over a connection that breaks now and then; stays until the server is killed. */
export async function write(stage: Stage, sender: Sender, random: Random): Promise<void> {
  const actor = createActor(stage, { account: sender.account, resource: mainResource, managed: true })
  const { client } = actor
  try {
    await writeAll(stage, actor, sender, random)
  } finally {
    sender.finished()
  }
  await client.gone()
}

async function writeAll(stage: Stage, actor: Actor, sender: Sender, random: Random): Promise<void> {
  const { client } = actor
  await client.arrive('anew')
  for (let n = 0; !stage.over && !sender.enough(); ) {
    if (!client.connected && !(await client.arrive('resume'))) return
    for (let i = random(10); i >= 0; i--) writeOne(stage, client, { ...sender, n: n++ }, random)
    client.request()
    if (random(40) === 0) client.cut()
    else if (random(3) === 0) await actor.confirm()
    else await pause(random(12))
  }
  if (!stage.over && (client.connected || (await client.arrive('resume')))) await actor.confirm()
}

function writeOne(
  { ledger }: Stage,
  client: Client,
  about: Pick<Entry, 'stream' | 'n'> & { readonly account: string },
  random: Random,
): void {
  const { account: from, stream, n } = about
  const { account } = recipients[random(recipients.length)]!
  const isFull = random(4) === 0
  const to = `${account}@${domain}${isFull ? `/${mainResource}` : ''}`
  const nature: Nature = random(8) === 0 ? 'unarchived' : 'chat'
  const id = `${stream}-${n}`
  const hint = nature === 'chat' ? '' : `<no-permanent-store xmlns='${NS.hints}'/>`
  const isNormal = random(5) === 0
  const type = isNormal ? '' : " type='chat'"
  ledger.sent({ id, from, account, to, stream, n, nature, isRefusable: isFull && isNormal })
  const body = `<body>${id}${'x'.repeat(random(300))}</body>`
  client.send(`<message to='${to}'${type} id='${id}'>${body}${hint}</message>`, id)
}

/** How long clients stay, and what they do then. */
export interface Stay {
  readonly habit: Recipient['habit']
  readonly managed: boolean
}

/** Lives with one client until the server is killed: comes and goes, acknowledges or not, resumes or logs in anew. */
export async function live(stage: Stage, actor: Actor, stay: Stay, random: Random): Promise<void> {
  const { client } = actor
  while (!stage.over) {
    // Whoever has a session tries to go on with it; after a kill it is told that there is none.
    const how = client.resumable && random(4) > 0 ? 'resume' : 'anew'
    if (!client.connected && !(await client.arrive(how))) break
    client.attentive = random(3) > 0
    await stayFor(stage, actor, stay.habit === 'wandering' ? 20 + random(250) : Infinity, random)
    if (stage.over) break
    if (client.connected) await go(actor, random)
    // Longer than a session waits to be resumed, or shorter.
    await pause(random(3) === 0 ? 300 + random(500) : random(60))
  }
  await client.gone()
}

async function stayFor(stage: Stage, actor: Actor, ms: number, random: Random): Promise<void> {
  const until = performance.now() + ms
  while (!stage.over && actor.client.connected && performance.now() < until) {
    if (actor.client.attentive) await Promise.race([actor.confirm(), pause(200)])
    await pause(5 + random(30))
  }
}

async function go(actor: Actor, random: Random): Promise<void> {
  const { client } = actor
  switch (random(4)) {
    case 0:
      await Promise.race([actor.confirm(), pause(500)])
      return client.leave()
    case 1:
      client.acknowledge()
      return client.cut()
    case 2:
      // It moves to another network: the old connection is still there when it comes over the new one.
      if (client.resumable) return void (await client.arrive('resume'))
      return client.cut()
    default:
      return client.cut()
  }
}
