import { removeUser } from '@xmppkit/auth'
import { drop } from '@xmppkit/hooks'
import { parseJid } from '@xmppkit/jid'
import { StanzaError } from '@xmppkit/stanza'
import { createMemoryKeyValue } from '@xmppkit/storage'
import { parseElement, textFromWire } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { photoHashOf } from './photo-hash.js'
import { vcardChanged, vcardSet } from './tokens.js'
import { vcardData } from './user-data.js'
import { image, imageHash, vcardScene, vcardXml, withPhoto } from './vcard-scene.js'

const own = 'juliet@example.com/balcony'
const juliet = 'juliet@example.com'
const romeo = 'romeo@example.net/orchard'
const nextTurn = () => new Promise((resolve) => setImmediate(resolve))
const query = "<vCard xmlns='vcard-temp'/>"
const named = vcardXml('<FN>Juliet Capulet</FN><N><FAMILY>Capulet</FAMILY></N>')

describe('XEP-0054: vCards', () => {
  test('VCARD-1: one is kept as it is and given to oneself and to others', async () => {
    const { ask } = vcardScene()
    expect(await ask('set', own, juliet, named)).toBe('')
    expect(await ask('get', own, juliet, query)).toBe(named)
    expect(await ask('get', romeo, juliet, query)).toBe(named)
    const later = vcardXml('<FN>J</FN>')
    expect(await ask('set', own, juliet, later)).toBe('')
    expect(await ask('get', romeo, juliet, query)).toBe(later)
  })

  test('VCARD-2 L-6: for others there is no telling an account without a vCard from none', async () => {
    const { ask } = vcardScene()
    expect(await ask('get', romeo, juliet, query)).toBe('service-unavailable')
    expect(await ask('get', romeo, 'nobody@example.com', query)).toBe('service-unavailable')
    expect(await ask('get', own, juliet, query)).toBe('item-not-found')
  })

  test('VCARD-1 SEC-16: nobody sets the vCard of somebody else, nor that of the server', async () => {
    const { ask } = vcardScene()
    await ask('set', own, juliet, named)
    for (const to of [juliet, 'nobody@example.com', 'example.com']) {
      expect(await ask('set', romeo, to, vcardXml('<FN>x</FN>'))).toBe('forbidden')
    }
    expect(await ask('get', own, juliet, query)).toBe(named)
  })

  test('the server has one, unless it has no name', async () => {
    const server = { name: 'Verona', url: 'https://verona.example', description: '' }
    expect(await vcardScene({ server }).ask('get', romeo, 'example.com', query)).toBe(
      vcardXml('<FN>Verona</FN><URL>https://verona.example</URL>'),
    )
    expect(await vcardScene({ server: { name: '' } }).ask('get', romeo, 'example.com', query)).toBe(
      'service-unavailable',
    )
  })

  test('L-1: one that is too large is refused and the old one stays', async () => {
    const { ask } = vcardScene({ maxBytes: 200 })
    await ask('set', own, juliet, named)
    expect(await ask('set', own, juliet, vcardXml(`<FN>${'x'.repeat(200)}</FN>`))).toBe('policy-violation')
    expect(await ask('get', own, juliet, query)).toBe(named)
  })

  test('a handler may change, refuse or take over what is set; everybody hears of what was kept', async () => {
    const { ask, hooks } = vcardScene()
    const heard: string[] = []
    hooks.on(vcardChanged, ({ account, photoHash }) => void heard.push(`${account} ${photoHash}`))
    hooks.on(vcardSet, (vcard) => {
      const name = vcard.childText('FN', 'vcard-temp')
      if (name === 'admin') throw new StanzaError('not-acceptable')
      return name === 'hidden' ? drop : parseElement(vcardXml(`<FN>${name}!</FN>`))
    })
    expect(await ask('set', own, juliet, vcardXml('<FN>admin</FN>'))).toBe('not-acceptable')
    expect(await ask('set', own, juliet, vcardXml('<FN>hidden</FN>'))).toBe('')
    expect(await ask('get', own, juliet, query)).toBe('item-not-found')
    expect(await ask('set', own, juliet, vcardXml('<FN>J</FN>'))).toBe('')
    expect(await ask('get', own, juliet, query)).toBe(vcardXml('<FN>J!</FN>'))
    expect(heard).toEqual([`${juliet} `])
  })

  test('SEC-25: it goes with the account', async () => {
    const { ask, hooks, store } = vcardScene()
    await ask('set', own, juliet, named)
    await hooks.run(removeUser, { account: parseJid(juliet).bare, id: '1' })
    expect(await ask('get', romeo, juliet, query)).toBe('service-unavailable')
    expect(await store.count(juliet)).toBe(0)
  })

  test('a store that fails is no secret to the log, and one to the asker', async () => {
    const broken = { ...createMemoryKeyValue(), get: () => Promise.reject(new Error('disk full')) }
    const { ask, logged } = vcardScene({}, broken)
    expect(await ask('get', romeo, juliet, query)).toBe('internal-server-error')
    expect(logged).toHaveLength(1)
  })

  test('an import keeps what there was, even if it would be refused, and takes its turn', async () => {
    const memory = createMemoryKeyValue()
    let late: Promise<unknown> | undefined
    const store: typeof memory = {
      ...memory,
      async set(owner, key, value) {
        if (value === imageHash) await late
        await memory.set(owner, key, value)
      },
    }
    const { hooks, vcards, connect } = vcardScene({ maxBytes: 500 }, store)
    hooks.on(vcardSet, (vcard, { account }) => (account.local === 'juliet' ? vcard : drop))
    const client = connect(own)
    await client.presence()
    const imported = withPhoto(Buffer.alloc(1000))
    const account = parseJid(juliet).bare
    const part = vcardData(store, vcards)
    let goOn = () => {}
    late = new Promise<void>((resolve) => {
      goOn = resolve
    })
    const set = vcards.set(account, parseElement(withPhoto()))
    await nextTurn()
    const importing = part.import?.(account, parseElement(imported), undefined)
    await nextTurn()
    goOn()
    await Promise.all([set, importing])
    const hash = photoHashOf(parseElement(imported))
    expect(await memory.get(juliet, 'photo')).toBe(hash)
    expect(client.again()).toEqual([imageHash, hash])
    expect(textFromWire((await vcards.get(account))!.toWire()).replaceAll('"', "'")).toBe(imported)
    const other = parseJid('nurse@example.com').bare
    await part.import?.(other, parseElement(named), undefined)
    expect(await vcards.get(other)).toBeDefined()
  })

  test('what ends answers no more', async () => {
    const { ask, vcards } = vcardScene()
    await vcards.close()
    expect(await ask('get', own, juliet, query)).toBe('service-unavailable')
  })
})

describe('XEP-0153: the hash of the photo', () => {
  const hashOf = (xml: string) => photoHashOf(parseElement(xml))
  const base64 = image.toString('base64')

  test.each([
    ['the image', withPhoto(), imageHash],
    [
      'base64 with white space in it',
      withPhoto(`\n  ${base64.slice(0, 5)}\r\n\t${base64.slice(5)} `),
      imageHash,
    ],
    ['no photo', vcardXml('<FN>x</FN>'), ''],
    ['no image', vcardXml('<PHOTO><EXTVAL>http://example.com/x.png</EXTVAL></PHOTO>'), ''],
    ['an empty image', withPhoto(''), ''],
    ['what is no base64', withPhoto('Base64-encoded-avatar-file-here!'), ''],
    ['base64 without its end', withPhoto('YWJjZ'), ''],
    ['a photo of another namespace', vcardXml(`<PHOTO xmlns='x'><BINVAL>${base64}</BINVAL></PHOTO>`), ''],
  ])('%s', (_, xml, expected) => {
    expect(hashOf(xml)).toBe(expected)
  })
})
