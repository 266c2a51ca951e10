import { describe, expect, test } from 'vitest'
import { allWays, chat, openScene, type Person, type Scene } from './scene.js'

const rounds = 12
const steps = 40
const resumeMs = 600_000

/** Numbers that are the same for the same seed (mulberry32). */
function dice(seed: number): (sides: number) => number {
  let state = seed
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % sides
  }
}

/** Juliet, whose network is as bad as it gets, and what she knows. */
class Traveller {
  /** In the order in which she first got them, by the address they were sent to. */
  readonly first = new Map<string, number[]>()
  readonly #seen = new Set<number>()
  readonly #confirmed = new Set<number>()
  // What came in the session she has now.
  #current: number[] = []
  #person: Person | undefined
  #waiting: Person | undefined

  constructor(readonly scene: Scene) {}

  async read(): Promise<void> {
    for (const el of (await this.#person?.receiveAll()) ?? []) {
      if (el.name !== 'message') continue
      const id = Number(el.attr('id'))
      expect(el.attr('type')).toBe('chat')
      expect(this.#confirmed.has(id), `${id} comes again though it was acknowledged`).toBe(false)
      const to = el.attr('to')!
      if (!this.#seen.has(id)) this.first.set(to, [...(this.first.get(to) ?? []), id])
      this.#seen.add(id)
      this.#current.push(id)
    }
  }

  async confirm(): Promise<void> {
    await this.read()
    if (this.#person === undefined) return
    this.#person.acknowledge()
    await this.#person.settle()
    for (const id of this.#current) this.#confirmed.add(id)
    await this.read()
  }

  async cut(): Promise<void> {
    if (this.#person === undefined) return
    await this.scene.cut(this.#person)
    this.#waiting = this.#person
    this.#person = undefined
  }

  async resume(): Promise<void> {
    const previous = this.#waiting ?? this.#person
    if (previous === undefined) return this.login()
    this.#person = await this.scene.resumed(previous)
    this.#waiting = undefined
    // Whoever says so at resumption has said it for good.
    await this.read()
  }

  async login(): Promise<void> {
    this.#waiting = undefined
    this.#current = []
    this.#person = await this.scene.managed('juliet', 'r', '')
    this.#person.send('<presence/>')
    await this.#person.settle()
    await this.scene.clock.advance(0)
    await this.read()
  }

  // Who is there and does not acknowledge for so long would be cut off.
  async expire(): Promise<void> {
    if (this.#person !== undefined) return
    await this.scene.clock.advance(resumeMs)
    this.#waiting = undefined
  }

  async leave(): Promise<void> {
    await this.confirm()
    await this.#person?.client.close()
    this.#person = undefined
  }
}

describe.each(allWays)('any course of events %s', (_name, way) => {
  test.each(Array.from({ length: rounds }, (_, round) => 7_919 * round + 1))(
    'X-CONS SM-6 SM-9 M-7: with seed %i every message arrives, in order, and none again that was acknowledged',
    async (seed) => {
      const roll = dice(seed)
      await using scene = await openScene(way)
      const romeo = await scene.managed('romeo')
      const juliet = new Traveller(scene)
      const sent = new Map<string, number[]>()
      let last = 0
      const send = async () => {
        for (let i = roll(4); i >= 0; i -= 1) {
          last += 1
          const to = roll(2) === 0 ? 'juliet@capulet.test' : 'juliet@capulet.test/r'
          sent.set(to, [...(sent.get(to) ?? []), last])
          romeo.send(chat(to, String(last)))
        }
        await romeo.expectNothing()
        romeo.acknowledge()
      }
      const moves = [
        send,
        send,
        () => juliet.read(),
        () => juliet.confirm(),
        () => juliet.cut(),
        () => juliet.resume(),
        () => juliet.resume(),
        () => juliet.login(),
        () => juliet.expire(),
        () => juliet.leave(),
      ]
      for (let i = 0; i < steps; i += 1) await moves[roll(moves.length)]!()
      await juliet.login()
      await juliet.confirm()
      await juliet.leave()
      expect(juliet.first).toEqual(sent)
      // And that was all: who comes back gets nothing.
      await juliet.login()
      await juliet.leave()
    },
  )
})
