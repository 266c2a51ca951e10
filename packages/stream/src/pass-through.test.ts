import { type RawElement, textFromWire } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { fakeTransport, settled } from './fake-transport.js'
import { error, established, type Rig } from './server-rig.js'
import { createWriteTurn } from './write-turn.js'

// What can go wrong when a stanza's bytes are passed on from stream to stream. The numbers are those of the design study.

const note = (id: string | number) =>
  `<message id='${id}'><body>é ${id}</body><x xmlns='urn:x' a='${id}'/></message>`
const written = (el: RawElement) => textFromWire(el.toWire({ ns: 'jabber:client', declare: false }))

describe('pass-through risk 5: a handler that feeds another stream in the midst of the first', () => {
  test('each stream sees its own elements, whole and in order', async () => {
    const seen: string[][] = [[], [], []]
    const rigs: Rig[] = []
    for (const i of [0, 1, 2]) {
      const onElement = (el: RawElement) => {
        const id = el.attr('id')!
        const next = rigs[i + 1]
        // An element and a half, so that the other one's scan is open while this chunk is read on.
        next?.feed(`${note(`${id}>`)}${note(`${id}>>`).slice(0, 30)}`)
        next?.feed(note(`${id}>>`).slice(30))
        seen[i]!.push(written(el))
      }
      rigs.push(await established({ deps: { onElement } }))
    }
    rigs[0]!.feed(['a', 'b', 'c'].map(note).join(''))
    const ids = (level: number): string[] =>
      level === 0 ? ['a', 'b', 'c'] : ids(level - 1).flatMap((id) => [`${id}>`, `${id}>>`])
    expect(seen).toEqual([0, 1, 2].map((level) => ids(level).map((id) => note(id))))
  })

  test('what a handler makes the own peer say meanwhile comes behind what was there already', async () => {
    const seen: string[] = []
    const rig: Rig = await established({
      deps: {
        onElement(el) {
          seen.push(el.attr('id')!)
          if (el.attr('id') === '1') rig.feed(`${note(4)}${note(5)}`)
        },
      },
    })
    rig.feed(`${note(1)}${note(2)}${note(3)}`)
    expect(seen).toEqual(['1', '2', '3', '4', '5'])
  })

  test('a stream that ends in the midst of another one leaves that one alone', async () => {
    const broken = await established()
    const seen: string[] = []
    const rig = await established({
      deps: {
        onElement(el) {
          if (el.attr('id') === '2') broken.feed('<message><body>&x;')
          seen.push(written(el))
        },
      },
    })
    rig.feed(`${note(1)}${note(2)}${note(3)}${note(4).slice(0, 20)}`)
    rig.feed(note(4).slice(20))
    expect(seen).toEqual([1, 2, 3, 4].map(note))
    expect([await broken.heard(), rig.ends]).toEqual([error('restricted-xml'), []])
  })
})

describe('pass-through risk 6: what comes before a bad byte in the same chunk is handled, what comes after is not', () => {
  test.each([
    ['a bare ampersand', '<message>&', 'not-well-formed'],
    ['a prefix nobody declared', '<message><p:x>', 'bad-namespace-prefix'],
    ['a comment', '<!-', 'restricted-xml'],
    ['bytes that are not UTF-8', '<message>\xff', 'unsupported-encoding'],
    ['a character cut short', '<message>\xe2\x82<', 'unsupported-encoding'],
  ])('%s', async (_what, fault, condition) => {
    const seen: string[] = []
    const deps = { onElement: (el: RawElement) => void seen.push(el.attr('id')!) }
    const rig = await established({ deps })
    const after = '</message><message id="3"/>'
    rig.stream.receive(Buffer.from(`<message id='1'/><message id='2'/>${fault}${after}`, 'latin1'))
    rig.feed(note(4))
    expect(seen).toEqual(['1', '2'])
    expect(await rig.heard()).toBe(error(condition))
  })

  test('the error is sent with the byte that is wrong, not with the end of the element', async () => {
    const rig = await established()
    rig.feed("<message id='1'><body>a]]")
    expect(await rig.heard()).toBe('')
    rig.feed('>')
    expect(await rig.heard()).toBe(error('not-well-formed'))
  })
})

describe('pass-through risk 11: coalescing writes', () => {
  const receiver = async (options = {}) => {
    const turn = createWriteTurn()
    const transport = fakeTransport()
    const to = await established({ transport, deps: { turn }, options })
    const onElement = (el: RawElement) => to.stream.send(el.toWire(to.stream.form), el.attr('id'))
    return { to, from: await established({ deps: { turn, onElement } }) }
  }
  const many = (first: number, last: number) =>
    Array.from({ length: last - first + 1 }, (_, i) => note(first + i)).join('')

  test('all that one chunk brings leaves in one write, before anything else happens', async () => {
    const { to, from } = await receiver()
    from.feed(many(1, 50))
    // Nothing but what was queued as a microtask already has run by then.
    await Promise.resolve()
    expect(to.transport.writes).toEqual([many(1, 50)])
  })

  test('a peer that does not read is written nothing more until it does, and then everything in order', async () => {
    const { to, from } = await receiver()
    to.transport.room = to.transport.instant = false
    from.feed(many(1, 3))
    await settled()
    for (let i = 4; i <= 40; i++) {
      from.feed(note(i))
      await settled()
    }
    expect(to.transport.writes.splice(0)).toEqual([many(1, 3)])
    expect(to.outcomes).toEqual([])
    to.transport.room = true
    to.stream.drained()
    expect(to.transport.writes.splice(0)).toEqual([many(4, 40)])
    to.transport.flush()
    expect(to.outcomes).toEqual(Array.from({ length: 40 }, (_, i) => `${i + 1} delivered`))
  })

  test('what waits for it is bounded, in the midst of a chunk too, and comes back', async () => {
    const { to, from } = await receiver({ maxOutboxStanzas: 10 })
    to.transport.room = to.transport.instant = false
    from.feed(many(1, 100))
    await settled()
    // Four times the limit is never tolerated, so a burst in a single turn cannot grow beyond that.
    expect(to.ends).toMatchObject([{ by: 'local', clean: false }])
    const failed = to.outcomes.filter((outcome) => outcome.endsWith(' failed'))
    expect(failed).toEqual(Array.from({ length: 100 }, (_, i) => `${i + 1} failed`))
    expect(from.ends).toEqual([])
  })
})
