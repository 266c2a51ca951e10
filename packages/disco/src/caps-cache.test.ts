import { type Jid, parseJid } from '@xmppkit/jid'
import { describe, expect, test } from 'vitest'
import { createCapsCache } from './caps-cache.js'
import type { EntityCaps } from './entity-caps.js'
import type { DiscoInfo } from './payloads.js'
import { capsHash } from './verification-string.js'

const romeo = parseJid('romeo@montague.example/orchard')
const nurse = parseJid('nurse@capulet.example/chamber')
const about = (...features: string[]): DiscoInfo => ({
  identities: [{ category: 'client', type: 'pc', name: 'Exodus' }],
  features,
  forms: [],
})
const announced = (info: DiscoInfo, hash = 'sha-1'): EntityCaps => ({
  hash,
  node: 'urn:exodus',
  ver: capsHash(info, hash),
})

/** A cache over entities whose answers are given. */
function scene(answers: Record<string, DiscoInfo | Error>, options = {}) {
  const asked: string[] = []
  const query = async (entity: Jid, node: string) => {
    asked.push(`${entity} ${node}`)
    const answer = answers[entity.toString()]
    if (answer === undefined || answer instanceof Error) throw answer ?? new Error('nobody')
    return answer
  }
  return { asked, cache: createCapsCache({ query }, options) }
}

describe('verified capabilities', () => {
  test('one entity is asked, all with the same hash are known', async () => {
    const info = about('urn:a')
    const { asked, cache } = scene({ [`${romeo}`]: info })
    expect(await cache.resolve(romeo, announced(info))).toEqual(info)
    expect(cache.resolve(nurse, { ...announced(info), node: 'urn:other' })).toEqual(info)
    expect(cache.get(announced(info))).toEqual(info)
    expect(asked).toEqual([`${romeo} urn:exodus#${capsHash(info)}`])
  })

  test('other hash functions are verified too, each for itself', async () => {
    const info = about('urn:a')
    const { cache } = scene({ [`${romeo}`]: info })
    expect(await cache.resolve(romeo, announced(info, 'sha-256'))).toEqual(info)
    expect(cache.get(announced(info))).toBeUndefined()
  })

  test('CAPS-2 SEC-24: the legacy format is neither asked about nor remembered', () => {
    const { asked, cache } = scene({ [`${romeo}`]: about('urn:a') })
    expect(cache.resolve(romeo, { node: 'urn:exodus', ver: '0.9.1' })).toBeUndefined()
    expect([asked, cache.size]).toEqual([[], 0])
  })

  test('a hash nobody here can compute is neither asked about nor remembered', () => {
    const { asked, cache } = scene({ [`${romeo}`]: about('urn:a') })
    expect(cache.resolve(romeo, { hash: 'md5', node: 'urn:exodus', ver: 'x' })).toBeUndefined()
    expect([asked, cache.size]).toEqual([[], 0])
  })

  test('CAPS-2 SEC-24: an answer its hash does not prove is not used, and the next entity is asked', async () => {
    const info = about('urn:e2ee')
    const { asked, cache } = scene({ [`${romeo}`]: about(), [`${nurse}`]: info })
    expect(await cache.resolve(romeo, announced(info))).toBeUndefined()
    expect(cache.size).toBe(0)
    expect(await cache.resolve(nurse, announced(info))).toEqual(info)
    expect(asked).toHaveLength(2)
  })

  test('CAPS-2 SEC-24: an ill-formed answer is not used, although its hash fits', async () => {
    const twice = about('urn:a', 'urn:a')
    const { cache } = scene({ [`${romeo}`]: twice })
    expect(await cache.resolve(romeo, announced(twice))).toBeUndefined()
    expect(cache.size).toBe(0)
  })

  test('an error teaches nothing', async () => {
    const { cache } = scene({ [`${romeo}`]: new Error('timeout') })
    expect(await cache.resolve(romeo, announced(about('urn:a')))).toBeUndefined()
    expect(cache.size).toBe(0)
  })
})

describe('limits', () => {
  test('the least recently used goes first', async () => {
    const infos = ['a', 'b', 'c'].map((name) => about(name)) as [DiscoInfo, DiscoInfo, DiscoInfo]
    const answers: Record<string, DiscoInfo> = {}
    const { cache } = scene(answers, { maxEntries: 2 })
    for (const info of [infos[0], infos[1], infos[0], infos[2]]) {
      answers[`${romeo}`] = info
      await cache.resolve(romeo, announced(info))
    }
    expect(infos.map((info) => cache.get(announced(info)) !== undefined)).toEqual([true, false, true])
    expect(cache.size).toBe(2)
  })

  test('what is too large is used but not remembered', async () => {
    const info = about('x'.repeat(100))
    const { cache } = scene({ [`${romeo}`]: info }, { maxInfoLength: 100 })
    expect(await cache.resolve(romeo, announced(info))).toEqual(info)
    expect(cache.size).toBe(0)
  })

  test('an entity that never answers does not keep others from being asked, and not everybody is asked', async () => {
    const info = about('urn:a')
    const asked: Jid[] = []
    let release: ((info: DiscoInfo) => void) | undefined
    const query = (entity: Jid) => {
      asked.push(entity)
      return new Promise<DiscoInfo>((resolve) => {
        if (asked.length === 2) release = resolve
      })
    }
    const cache = createCapsCache({ query }, { maxPendingPerHash: 2 })
    const [first, ...others] = [1, 2, 3, 4].map((n) =>
      cache.resolve(parseJid(`u${n}@d.example/r`), announced(info)),
    )
    expect(asked).toHaveLength(2)
    release?.(info)
    expect(await Promise.all(others)).toEqual([info, info, info])
    expect(first).toBeInstanceOf(Promise)
    expect(cache.get(announced(info))).toEqual(info)
  })

  test('whoever waited for others learns nothing if they do not', async () => {
    const info = about('urn:a')
    const { cache } = scene({ [`${romeo}`]: about('urn:other') }, { maxPendingPerHash: 1 })
    const answers = [cache.resolve(romeo, announced(info)), cache.resolve(nurse, announced(info))]
    expect(await Promise.all(answers)).toEqual([undefined, undefined])
  })

  test('so many queries at once and no more', async () => {
    const { asked, cache } = scene({}, { maxPending: 2 })
    const answers = ['a', 'b', 'c'].map((name) => cache.resolve(romeo, announced(about(name))))
    expect(asked).toHaveLength(2)
    expect(await Promise.all(answers)).toEqual([undefined, undefined, undefined])
    await cache.resolve(romeo, announced(about('d')))
    expect(asked).toHaveLength(3)
  })
})
