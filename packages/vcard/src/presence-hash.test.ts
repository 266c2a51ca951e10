import { userSendPacket } from '@xmppkit/c2s'
import { isThenable } from '@xmppkit/runtime'
import { message, presence } from '@xmppkit/stanza'
import { createMemoryKeyValue, type KeyValue } from '@xmppkit/storage'
import { parseElement } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { imageHash, vcardScene, vcardXml, withPhoto } from './vcard-scene.js'

const own = 'juliet@example.com/balcony'
const juliet = 'juliet@example.com'
const update = (children: string) => `<x xmlns='vcard-temp:x:update'>${children}</x>`
const other = 'a'.repeat(40)

describe('VCARD-3: XEP-0398 §5: the hash in available presence', () => {
  test.each([
    ['nothing', '', imageHash, 'empty', 'nothing'],
    ['not ready', update(''), imageHash, 'empty', 'not ready'],
    ['no image', update('<photo/>'), 'empty', 'empty', 'empty'],
    ['the hash', update(`<photo>${imageHash}</photo>`), imageHash, 'empty', 'not ready'],
    [
      'the hash in capitals',
      update(`<photo>${imageHash.toUpperCase()}</photo>`),
      imageHash.toUpperCase(),
      'empty',
      'not ready',
    ],
    ['another hash', update(`<photo>${other}</photo>`), imageHash, 'empty', 'not ready'],
    ['two updates', update('') + update('<photo/>'), imageHash, 'empty', '2 updates'],
  ])(
    'a client that says %s: with a photo, without, without a vCard',
    async (_, said, photo, none, missing) => {
      const scene = vcardScene()
      const client = scene.connect(own)
      expect(await client.presence(said)).toBe(missing)
      await scene.ask('set', own, juliet, vcardXml('<FN>x</FN>'))
      expect(await client.presence(said)).toBe(none)
      await scene.ask('set', own, juliet, withPhoto())
      expect(await client.presence(said)).toBe(photo)
      expect(await client.presence(said, 'room@muc.example/juliet')).toBe(photo)
    },
  )

  test('unavailable presence, subscriptions and messages are none of ours', async () => {
    const { hooks, connect, ask } = vcardScene()
    await ask('set', own, juliet, withPhoto())
    const { session } = connect(own)
    const stanzas = [
      presence({ from: own, type: 'unavailable' }),
      presence({ from: own, to: 'romeo@example.net', type: 'subscribe' }),
      message({ from: own, to: 'romeo@example.net', body: 'x' }),
    ]
    for (const stanza of stanzas) expect(hooks.fold(userSendPacket, stanza, { session })).toBe(stanza)
  })

  test('the store is asked once for each account that is there, and not at all after that', async () => {
    const memory = createMemoryKeyValue()
    let reads = 0
    const store: KeyValue = {
      ...memory,
      get: (...args) => {
        reads += 1
        return memory.get(...args)
      },
    }
    const { hooks, connect, ask } = vcardScene({}, store)
    await ask('set', own, juliet, withPhoto())
    const first = connect(own)
    const second = connect(`${juliet}/chamber`)
    const [one, two] = await Promise.all([first.presence(), second.presence()])
    expect([one, two]).toEqual([imageHash, imageHash])
    expect(reads).toBe(1)
    const again = hooks.fold(userSendPacket, presence({ from: own }), { session: first.session })
    expect(isThenable(again)).toBe(false)
    await first.leave()
    await second.presence()
    expect(reads).toBe(1)
    await second.leave()
    await connect(own).presence()
    expect(reads).toBe(2)
  })

  test('a hash that cannot be read keeps no presence back, and is looked for again', async () => {
    const memory = createMemoryKeyValue()
    let fails = true
    const get: KeyValue['get'] = (...args) =>
      fails ? Promise.reject(new Error('disk full')) : memory.get(...args)
    const { connect, ask, logged } = vcardScene({}, { ...memory, get })
    await ask('set', own, juliet, withPhoto())
    const client = connect(own)
    expect(await client.presence()).toBe('nothing')
    expect(logged).toEqual(['the hash of a photo could not be read'])
    fails = false
    expect(await client.presence()).toBe(imageHash)
  })

  test('a write that was interrupted leaves no wrong hash behind', async () => {
    const memory = createMemoryKeyValue()
    let writes = Number.POSITIVE_INFINITY
    const set: KeyValue['set'] = (...args) => {
      writes -= 1
      return writes < 0 ? Promise.reject(new Error('power cut')) : memory.set(...args)
    }
    const scene = vcardScene({}, { ...memory, set })
    await scene.ask('set', own, juliet, withPhoto(Buffer.from('the old one')))
    const after = () => vcardScene({}, memory).connect(own).presence()
    const before = await after()
    writes = 1
    expect(await scene.ask('set', own, juliet, withPhoto())).toBe('internal-server-error')
    expect(await after()).toBe(before)
    writes = 2
    expect(await scene.ask('set', own, juliet, withPhoto())).toBe('internal-server-error')
    expect(await after()).toBe(imageHash)
  })

  test('an account without a vCard costs one read, also after its first one was interrupted', async () => {
    const memory = createMemoryKeyValue()
    const asked: string[] = []
    const get: KeyValue['get'] = (owner, key) => {
      asked.push(key)
      return memory.get(owner, key)
    }
    expect(
      await vcardScene({}, { ...memory, get })
        .connect(own)
        .presence(),
    ).toBe('nothing')
    expect(asked).toEqual(['photo'])
    await memory.set(juliet, 'photo', '?')
    expect(await vcardScene({}, memory).connect(own).presence()).toBe('nothing')
  })
})

describe('another photo', () => {
  test('VCARD-3: every session sends its presence again, but for those that show none', async () => {
    const { ask, connect } = vcardScene()
    const plain = connect(own)
    const shy = connect(`${juliet}/shy`)
    const silent = connect(`${juliet}/silent`)
    const stranger = connect('romeo@example.com/orchard')
    await plain.presence()
    await shy.presence(update('<photo/>'))
    await stranger.presence()
    await ask('set', own, juliet, withPhoto())
    expect(plain.again()).toEqual([imageHash])
    await ask('set', own, juliet, vcardXml('<FN>without</FN>'))
    expect(plain.again()).toEqual(['empty'])
    await ask('set', own, juliet, withPhoto())
    expect(plain.again()).toEqual([imageHash])
    expect([shy, silent, stranger].flatMap((one) => one.again())).toEqual([])
  })

  test('the same photo again, or another vCard with it, is no news', async () => {
    const { ask, connect } = vcardScene()
    const client = connect(own)
    await client.presence()
    await ask('set', own, juliet, withPhoto())
    client.again()
    await ask('set', own, juliet, withPhoto().replace('<PHOTO>', '<FN>J</FN><PHOTO>'))
    expect(client.again()).toEqual([])
  })

  test('the embedder sets one in process; who is there tells of it', async () => {
    const { vcards, connect, logged } = vcardScene()
    const client = connect(own)
    await client.presence()
    await vcards.set(client.session.account, parseElement(withPhoto()))
    expect(client.again()).toEqual([imageHash])
    expect(vcards.photoHash(client.session.account)).toBe(imageHash)
    await expect(vcards.set(client.session.account, parseElement('<x xmlns="y"/>'))).rejects.toMatchObject({
      condition: 'bad-request',
    })

    // A stream that fails meanwhile concerns nobody else.
    Object.assign(client.session, { updatePresence: () => Promise.reject(new Error('gone')) })
    await vcards.set(client.session.account, parseElement(vcardXml('')))
    expect(logged).toEqual(['presence could not be sent again'])
  })
})
