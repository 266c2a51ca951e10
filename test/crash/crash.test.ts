import type { WireClient } from '@xmppkit/testing'
import { afterAll, expect, test } from 'vitest'
import { postgresOrReason } from '../storage/postgres.js'
import { auditArchives, auditWaiting } from './audit.js'
import { recipients, senders } from './cast.js'
import { readArchives, takeAll } from './come-back.js'
import { createLedger } from './ledger.js'
import { errorsOf, type Play, playRound, register, start } from './play.js'
import { type Place, postgresPlace, sqlitePlace } from './storages.js'

const rounds = Number(process.env.XMPPKIT_CONS_ROUNDS ?? 6)
const messages = Number(process.env.XMPPKIT_CONS_MESSAGES ?? rounds * 60)
const seed = Number(process.env.XMPPKIT_CONS_SEED ?? Math.floor(performance.timeOrigin % 1_000_000))

/*
 * What the server promises, and what is asserted:
 *
 * - What it has acknowledged (XEP-0198) reaches a client of the addressee, or is in the addressee's archive, or waits, or its
 *   sender got an error; never one of the first three and an error.
 * - An archive has a message once, under the id every client was told, and before any client got it (MAM-1).
 * - What a client has acknowledged it never gets again: not from storage, not from another session, not as a copy. Certain is
 *   what was followed by a question the server has answered. Nor does another client get it from storage.
 * - In one session, resumed or not, nothing comes twice, be it as a copy.
 * - Messages of one stream of a sender to one address come in order (M-7).
 *
 * What cannot be promised, and is only counted: that a client does not get again what it had not acknowledged when its session
 * ended; and, where there is neither an archive nor stream management, that it has read what was written to a connection it cut.
 */

/** Plays all rounds, lets everybody come back, and compares the books with what there is. */
async function playAll(place: Place): Promise<void> {
  const play = open(place)
  try {
    await playRounds(play)
  } finally {
    play.stage.over = true
    await play.server?.kill()
  }
}

function open(place: Place): Play {
  const ledger = createLedger()
  const dial = (): WireClient => {
    throw new Error('there is no server')
  }
  const stage = { ledger, over: false, dial }
  return { ledger, place, actors: new Map(), stage, complaints: [], server: undefined }
}

function assertSound({ ledger, complaints }: Play, round: number | 'end'): void {
  const wrong = [...ledger.wrongs, ...complaints].slice(0, 20)
  if (wrong.length > 0) console.log(`XMPPKIT_CONS_SEED=${seed}, round ${round}\n${ledger.story}`)
  expect({ seed, round, wrong }).toEqual({ seed, round, wrong: [] })
}

async function playRounds(play: Play): Promise<void> {
  const { ledger, place, complaints } = play
  const started = performance.now()
  const first = await start(play, true)
  await Promise.all(senders.map((account) => register(first, account, true)))
  await Promise.all(recipients.map(({ account, archived }) => register(first, account, archived)))
  const perRound = Math.ceil(messages / rounds)
  let round = 0
  for (; round < rounds || ledger.counts.sent < messages; round++) {
    const server = round === 0 ? first : await start(play, round % 4 !== 3)
    await playRound(play, server, { seed, round, perRound })
    complaints.push(...errorsOf(server))
    auditWaiting(ledger, await place.readWaiting())
    assertSound(play, round)
    if (rounds > 10) console.log(`round ${round}: ${ledger.counts.sent} messages`)
  }
  await comeToAnEnd(play)
  const seconds = Math.round((performance.now() - started) / 1000)
  console.log({ seed, rounds: round, ...ledger.counts, seconds })
  assertSound(play, 'end')
  // Nothing was proved if nothing was going on.
  const { acknowledged, live: atOnce, stored, copy } = ledger.counts
  expect(Math.min(acknowledged, atOnce, stored, copy)).toBeGreaterThan(rounds * 5)
}

/** Everybody takes what waits, and reads the archive. */
async function comeToAnEnd(play: Play): Promise<void> {
  const { ledger, place, stage, complaints } = play
  const last = await start(play, true)
  await takeAll(stage, await place.readWaiting())
  auditArchives(ledger, await readArchives(stage))
  expect(await last.stop()).toBe(0)
  const left = await place.readWaiting()
  auditWaiting(ledger, left)
  complaints.push(...errorsOf(last))
  expect([...left.values()].flat()).toEqual([])
}

const timeout = 120_000 + rounds * 60_000

test(
  'X-CONS SM-2 SM-6 SM-9 OFF-1 M-7 MAM-1: of what a server on SQLite acknowledged, nothing is lost or doubled by kill -9',
  async () => {
    await using place = await sqlitePlace()
    await playAll(place)
  },
  timeout,
)

const cluster = await postgresOrReason()
afterAll(async () => {
  if (typeof cluster !== 'string') await cluster[Symbol.asyncDispose]()
})

test(
  'X-CONS SM-2 SM-6 SM-9 OFF-1 M-7 MAM-1: of what a server on PostgreSQL acknowledged, nothing is lost or doubled by kill -9',
  async ({ skip }) => {
    if (typeof cluster === 'string') return skip(cluster)
    await using place = await postgresPlace(cluster.url)
    await playAll(place)
  },
  timeout,
)
