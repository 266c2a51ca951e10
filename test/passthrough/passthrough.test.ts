import { afterAll, beforeAll, expect, test } from 'vitest'
import { accepted, refused } from '../../packages/xml/src/strict-vectors.js'
import { createRandom, mutate } from '../fuzz/mutate.js'
import { saxesTrees, type Tree } from '../fuzz/trees.js'
import { type Random, randomSplit, randomStanzas } from './documents.js'
import { type Expected, type Outcome, outcomeOf, recipients } from './expectations.js'
import { domain, type Line, openRelay, type Relay, type Split, tail } from './relay.js'

const documents = Number(process.env.XMPPKIT_FUZZ ?? 250)
const firstSeed = Number(process.env.XMPPKIT_FUZZ_SEED ?? 1)

let relay: Relay
let lines: readonly Line[]
beforeAll(async () => {
  relay = await openRelay(['juliet', 'romeo', 'benvolio'])
  const opened: Line[] = []
  for (const address of recipients) {
    const [, name, resource] = /^(.*)@.*\/(.*)$/.exec(address)!
    opened.push(await relay.login(name!, resource!, { framed: resource === 'b' }))
  }
  for (const line of opened)
    line.send(line.framing === 'framed' ? "<presence xmlns='jabber:client'/>" : '<presence/>')
  lines = opened
})
afterAll(() => relay?.[Symbol.asyncDispose]())

const serverHeader = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"

/** What arrived, as a strict parser sees it; throws when it would not take it. */
function treesOf(line: Line): Tree[] {
  const messages = line.taken()
  if (line.framing === 'framed') return messages.flatMap((frame) => saxesTrees(frame, true))
  return saxesTrees(Buffer.concat([Buffer.from(serverHeader), ...messages, Buffer.from(tail)]))
}

const gone = /<presence[^>]*type="unavailable"/

/** Has somebody come, say this and go; everybody sees both. Answers with how the stream ended. */
async function say(
  body: Buffer,
  sender: string,
  split: Split,
  unfinished: boolean,
): Promise<string | undefined> {
  const line = await relay.login('juliet', sender, { split })
  const here = new RegExp(`from="juliet@${domain}/${sender}"`)
  line.send('<presence/>')
  await Promise.all(lines.map((each) => each.heard(here)))
  for (const each of lines) each.taken()
  line.send(body)
  if (!unfinished) await line.heard(/<\/stream:stream>$/)
  line.hangUp()
  await Promise.all([line.ended, ...lines.map((each) => each.heard(gone))])
  const said = Buffer.concat(line.taken()).toString('latin1')
  return /<stream:error[^>]*><([\w-]+) /.exec(said)?.[1]
}

const isFarewell = (tree: Tree): boolean =>
  tree[0] === '{jabber:client}presence' && / type="unavailable"/.test(` ${tree[1]}`)

/** Every tree that arrived is one that was sent, in order, and those that had to arrive have. */
function compare(arrived: readonly Tree[], sent: readonly Expected[], who: string): number {
  let at = 0
  const lose = (one: Expected) => {
    if (one.must.includes(who)) throw new Error(`lost for ${who}: ${JSON.stringify(one.treeFor(who))}`)
  }
  const stanzas = arrived.filter((tree) => !isFarewell(tree))
  for (const tree of stanzas) {
    const text = JSON.stringify(tree)
    const found = sent.findIndex((one, i) => i >= at && JSON.stringify(one.treeFor(who)) === text)
    if (found < 0) throw new Error(`nobody sent ${who} ${text}`)
    const one = sent[found]!
    if (!one.anywhere && !one.must.includes(who)) throw new Error(`not for ${who}: ${text}`)
    for (; at < found; at++) lose(sent[at]!)
    at++
  }
  for (; at < sent.length; at++) lose(sent[at]!)
  return stanzas.length
}

interface Seen {
  arrived: number
  refused: number
  unfinished: number
}

/** Passes one document through, and checks what becomes of it. */
async function passThrough(body: Buffer, sender: string, split: Split, seen: Seen): Promise<Outcome> {
  const outcome = outcomeOf(body, `juliet@${domain}/${sender}`)
  const condition = await say(body, sender, split, outcome.unfinished)
  if (outcome.refused) seen.refused++
  if (outcome.unfinished) seen.unfinished++
  lines.forEach((line, i) => {
    seen.arrived += compare(treesOf(line), outcome.stanzas, recipients[i]!)
  })
  if (outcome.condition !== 'any') expect(condition).toBe(outcome.condition)
  return outcome
}

async function passAll(make: (random: Random, seed: number) => Buffer): Promise<Seen> {
  const seen: Seen = { arrived: 0, refused: 0, unfinished: 0 }
  for (let seed = firstSeed; seed < firstSeed + documents; seed++) {
    const random = createRandom(seed)
    const body = make(random, seed)
    try {
      await passThrough(body, `s${seed}`, randomSplit(random), seen)
    } catch (error) {
      const again = `XMPPKIT_FUZZ_SEED=${seed} XMPPKIT_FUZZ=1`
      throw new Error(`seed ${seed} (${again}), bytes ${JSON.stringify(body.toString('latin1'))}`, {
        cause: error,
      })
    }
  }
  return seen
}

const long = { timeout: 3_600_000 }

test(
  `SEC-5 X-10: ${documents} documents arrive as a strict parser reads what was sent, stamps aside`,
  long,
  async () => {
    const seen = await passAll((random, seed) =>
      Buffer.concat([randomStanzas(random, seed), Buffer.from(tail)]),
    )
    expect(seen).toMatchObject({ refused: 0, unfinished: 0 })
    expect(seen.arrived).toBeGreaterThan(documents)
  },
)

test(
  `SEC-5 X-5 X-6: of ${documents} damaged documents only what a strict parser takes arrives, and the rest ends the stream`,
  long,
  async () => {
    const seen = await passAll((random, seed) =>
      Buffer.concat([mutate(randomStanzas(random, seed), random), Buffer.from(tail)]),
    )
    // Damage that hurts nobody, or everybody, proves nothing.
    if (documents < 100) return
    expect(seen.arrived).toBeGreaterThan(documents * 0.5)
    expect(seen.refused).toBeGreaterThan(documents * 0.3)
  },
)

const vectors = [
  // Nothing is wrong with them but that some are too deep.
  ...accepted.map((vector) => ['policy-violation', vector] as const),
  ...Object.entries(refused).flatMap(([condition, all]) => all.map((vector) => [condition, vector] as const)),
]
const whole: Split = (bytes) => [bytes]
const single: Split = (bytes) => Array.from(bytes, (_, i) => bytes.subarray(i, i + 1))
const note = (id: string) => `<message to='romeo@${domain}/a' id='${id}'><body>${id}</body></message>`

test('SEC-5 X-1 X-2 X-3 X-5 X-6: what precedes a fault arrives, the stanza with it does not, and the stream ends with its condition', async () => {
  const seen: Seen = { arrived: 0, refused: 0, unfinished: 0 }
  for (const [i, [condition, [title, stanza]]] of vectors.entries()) {
    const between = Buffer.concat([
      Buffer.from(note('before')),
      stanza,
      Buffer.from(`${note('after')}${tail}`),
    ])
    const [start, end] = [`<message to='romeo@${domain}/b' id='around'>`, `</message>${note('after')}${tail}`]
    const within = Buffer.concat([Buffer.from(note('before') + start), stanza, Buffer.from(end)])
    try {
      const outcome = await passThrough(between, `b${i}`, i % 2 === 0 ? whole : single, seen)
      if (outcome.refused && outcome.condition !== 'any') expect(outcome.condition).toBe(condition)
      await passThrough(within, `w${i}`, i % 2 === 0 ? single : whole, seen)
    } catch (error) {
      throw new Error(`${condition}: ${title}`, { cause: error })
    }
  }
  expect(seen.arrived).toBeGreaterThan(2 * vectors.length)
})
