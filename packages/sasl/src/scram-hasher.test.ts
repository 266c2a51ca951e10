import { describe, expect, test } from 'vitest'
import { encodeBase64 } from './base64.js'
import { createScramHasher, minScramIterations } from './scram-hasher.js'
import { scramHashes } from './scram-verifier.js'

const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')

describe('createScramHasher', () => {
  test.each([
    ['SHA-1', 'g2pEzX2tMaoibxTD4YfBJkq1y8w=', 'ZGkNjsmKwVX5C5z80vGxHZ02jOI='],
    [
      'SHA-256',
      'WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=',
      'wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
    ],
    [
      'SHA-512',
      '6AAub3065EYRmyFpM2RNwqK+eGnrkYuEWbXn19LsEmBqzu8QaCXNc1FwpnX9NhH2hK/60dzj9DoO5DvVkOHbvg==',
      'jZHbYjC1aHh0/hKbxyBuGFjDrgjgKTT1esA7awWiKcRZ0o/0b1yWEebBeSVkkCFewf91nLDfKF24mvD5nmE6rA==',
    ],
  ] as const)('derives the keys of %s that Python derives', async (hash, storedKey, serverKey) => {
    const verifier = await createScramHasher().derive('pencil', { hash, salt, iterations: 4096 })
    expect(encodeBase64(verifier.storedKey)).toBe(storedKey)
    expect(encodeBase64(verifier.serverKey)).toBe(serverKey)
  })

  test('A-14: a verifier holds salt, rounds and two keys, each salt is fresh, nothing else is kept', async () => {
    const hasher = createScramHasher()
    const verifiers = await Promise.all(scramHashes.map((hash) => hasher.derive('pencil', { hash })))
    for (const verifier of verifiers) {
      expect(Object.keys(verifier).sort()).toEqual(['hash', 'iterations', 'salt', 'serverKey', 'storedKey'])
      expect(verifier.iterations).toBe(10_000)
      expect(verifier.salt.byteLength).toBe(16)
    }
    expect(new Set(verifiers.map(({ salt }) => encodeBase64(salt))).size).toBe(3)
  })

  test('tells the password from another', async () => {
    const hasher = createScramHasher({ iterations: 4096 })
    const verifier = await hasher.derive('pencil', { hash: 'SHA-256' })
    expect(await hasher.matches('pencil', verifier)).toBe(true)
    expect(await hasher.matches('Pencil', verifier)).toBe(false)
  })

  test.each([4095, 1, 0, -1, 4096.5, Number.NaN, 1_000_001, Number.POSITIVE_INFINITY])(
    'A-14 A-15 SEC-12: refuses %d iterations',
    async (iterations) => {
      const hasher = createScramHasher()
      await expect(hasher.derive('pencil', { hash: 'SHA-1', salt, iterations })).rejects.toThrow(
        expect.objectContaining({ code: 'sasl/invalid-parameters' }),
      )
      expect(() => createScramHasher({ iterations })).toThrow(
        expect.objectContaining({ code: 'sasl/invalid-parameters' }),
      )
    },
  )

  test('A-14: refuses short salts for new verifiers and an empty one for any', async () => {
    expect(() => createScramHasher({ saltBytes: 15 })).toThrow(
      expect.objectContaining({ code: 'sasl/invalid-parameters' }),
    )
    const empty = { hash: 'SHA-1', salt: new Uint8Array(0), iterations: 4096 } as const
    await expect(createScramHasher().derive('pencil', empty)).rejects.toThrow(
      expect.objectContaining({ code: 'sasl/invalid-parameters' }),
    )
  })

  test('A-15 NODE-5: computes off the event loop', async () => {
    const order: string[] = []
    const derived = createScramHasher()
      .derive('pencil', { hash: 'SHA-1', salt, iterations: minScramIterations })
      .then(() => order.push('derived'))
    order.push('returned')
    await derived
    expect(order).toEqual(['returned', 'derived'])
  })

  test('A-15: computes a bounded number at a time, and refuses what does not fit in the queue', async () => {
    const hasher = createScramHasher({ iterations: 4096, concurrency: 1, maxWaiting: 2 })
    const finished: number[] = []
    const jobs = [0, 1, 2].map((n) =>
      hasher.derive(`pencil ${n}`, { hash: 'SHA-1', salt }).then(() => finished.push(n)),
    )
    await expect(hasher.derive('one too many', { hash: 'SHA-1', salt })).rejects.toThrow(
      expect.objectContaining({ code: 'sasl/overloaded' }),
    )
    await Promise.all(jobs)
    expect(finished).toEqual([0, 1, 2])
    await expect(hasher.derive('room again', { hash: 'SHA-1', salt })).resolves.toBeDefined()
  })

  test('a wait in the queue can be aborted and frees its place', async () => {
    const hasher = createScramHasher({ iterations: 4096, concurrency: 1, maxWaiting: 1 })
    const running = hasher.derive('first', { hash: 'SHA-1', salt })
    const controller = new AbortController()
    const waiting = hasher.derive('second', { hash: 'SHA-1', salt }, { signal: controller.signal })
    controller.abort(new Error('stream closed'))
    await expect(waiting).rejects.toThrow('stream closed')
    const third = hasher.derive('third', { hash: 'SHA-1', salt }, { signal: new AbortController().signal })
    await expect(Promise.all([running, third])).resolves.toHaveLength(2)
    await expect(
      hasher.derive('late', { hash: 'SHA-1', salt }, { signal: controller.signal }),
    ).rejects.toThrow('stream closed')
  })
})
