import { removeUser } from '@xmppkit/auth'
import { parseJid } from '@xmppkit/jid'
import { createMemoryKeyValue, type KeyValue } from '@xmppkit/storage'
import { parseElement } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { privateScene } from './private-scene.js'

const hamlet = 'hamlet@shakespeare.example'
const own = `${hamlet}/denmark`
const macbeth = 'macbeth@shakespeare.example/scotland'
const prefs = (nick: string) => `<exodus xmlns='exodus:prefs'><defaultnick>${nick}</defaultnick></exodus>`
const which = "<exodus xmlns='exodus:prefs'/>"

describe('XEP-0049: private storage', () => {
  test('PRIV-1: an element is kept and given back; another of its name takes its place', async () => {
    const { ask } = privateScene()
    expect(await ask('get', own, hamlet, which)).toBe(which)
    expect(await ask('set', own, hamlet, prefs('Hamlet'))).toBe('done')
    expect(await ask('get', own, hamlet, which)).toBe(prefs('Hamlet'))
    expect(await ask('set', own, hamlet, prefs('Prince'))).toBe('done')
    expect(await ask('get', `${hamlet}/elsewhere`, hamlet, which)).toBe(prefs('Prince'))
    expect(await ask('set', own, hamlet, which)).toBe('done')
    expect(await ask('get', own, hamlet, which)).toBe(which)
  })

  test('name and namespace make the difference; one request may carry several', async () => {
    const { ask, store } = privateScene()
    const elements = ["<a xmlns='one'>1</a>", "<a xmlns='two'>2</a>", "<b xmlns='one'>3</b>"]
    expect(await ask('set', own, hamlet, elements.join(''))).toBe('done')
    for (const one of elements) {
      expect(await ask('get', own, hamlet, one.replace(/\d/, ''))).toBe(one)
    }
    expect(await ask('set', own, hamlet, "<a xmlns='one'>4</a><a xmlns='one'>5</a>")).toBe('done')
    expect(await ask('get', own, hamlet, "<a xmlns='one'/>")).toBe("<a xmlns='one'>5</a>")
    expect(await store.count(hamlet)).toBe(3)
  })

  test('a namespace of any length is told from others', async () => {
    const { ask } = privateScene()
    const long = 'urn:'.padEnd(3000, 'x')
    await ask('set', own, hamlet, `<a xmlns='${long}1'>1</a><a xmlns='${long}2'>2</a>`)
    expect(await ask('get', own, hamlet, `<a xmlns='${long}1'/>`)).toBe(`<a xmlns='${long}1'>1</a>`)
  })

  test.each([
    ['get', '', 'bad-request'],
    ['set', '', 'not-acceptable'],
    ['set', 'text alone', 'not-acceptable'],
    ['get', `${which}<b xmlns='c'/>`, 'not-acceptable'],
    ['set', '<noNamespace/>', 'not-acceptable'],
    ['set', "<x xmlns=''/>", 'not-acceptable'],
    ['set', `${prefs('x')}<noNamespace/>`, 'not-acceptable'],
  ] as const)('%s of %j is %s and keeps nothing', async (type, content, condition) => {
    const { ask, store } = privateScene()
    expect(await ask(type, own, hamlet, content)).toBe(condition)
    expect(await store.count(hamlet)).toBe(0)
  })

  test('PRIV-1 L-6 SEC-16: it is nobody else’s, and there is no telling whether an account exists', async () => {
    const { ask } = privateScene()
    await ask('set', own, hamlet, prefs('Hamlet'))
    for (const to of [hamlet, 'nobody@shakespeare.example']) {
      expect(await ask('get', macbeth, to, which)).toBe('forbidden')
      expect(await ask('set', macbeth, to, prefs('Macbeth'))).toBe('forbidden')
    }
    expect(await ask('get', macbeth, macbeth.split('/')[0]!, which)).toBe(which)
    expect(await ask('get', own, hamlet, which)).toBe(prefs('Hamlet'))
  })

  test('SEC-25: it goes with the account', async () => {
    const { ask, hooks, store } = privateScene()
    await ask('set', own, hamlet, prefs('Hamlet'))
    await ask('set', macbeth, macbeth.split('/')[0]!, prefs('Macbeth'))
    await hooks.run(removeUser, { account: parseJid(hamlet).bare, id: '1' })
    expect(await ask('get', own, hamlet, which)).toBe(which)
    expect(await store.count('macbeth@shakespeare.example')).toBe(1)
  })

  test('what ends answers no more', async () => {
    const { ask, storage } = privateScene()
    await storage.close()
    expect(await ask('get', own, hamlet, which)).toBe('service-unavailable')
  })
})

describe('L-1: limits', () => {
  test('elements of one account', async () => {
    const { ask } = privateScene({ maxElements: 2 })
    await ask('set', own, hamlet, "<a xmlns='x'/>")
    expect(await ask('set', own, hamlet, "<b xmlns='x'/><c xmlns='x'/>")).toBe('resource-constraint')
    expect(await ask('set', own, hamlet, "<b xmlns='x'/><a xmlns='x'>2</a>")).toBe('done')
    expect(await ask('set', macbeth, macbeth.split('/')[0]!, "<c xmlns='x'/>")).toBe('done')
    expect(await ask('get', own, hamlet, "<a xmlns='x'/>")).toBe("<a xmlns='x'>2</a>")
  })

  test('bytes of one element', async () => {
    const { ask, store } = privateScene({ maxElementBytes: 100 })
    expect(await ask('set', own, hamlet, `<a xmlns='x'/><b xmlns='x'>${'y'.repeat(100)}</b>`)).toBe(
      'policy-violation',
    )
    expect(await store.count(hamlet)).toBe(0)
  })

  test('bytes of one account; what takes the place of more may be kept', async () => {
    const { ask } = privateScene({ maxBytes: 300 })
    const element = (name: string, length: number) => `<${name} xmlns='x'>${'y'.repeat(length)}</${name}>`
    expect(await ask('set', own, hamlet, element('a', 200))).toBe('done')
    expect(await ask('set', own, hamlet, element('b', 200))).toBe('resource-constraint')
    expect(await ask('set', own, hamlet, element('a', 10) + element('b', 200))).toBe('done')
  })

  test('requests of several clients at once do not get past them', async () => {
    const slow = createMemoryKeyValue()
    const list: KeyValue['list'] = async (...args) => {
      await new Promise((resolve) => setImmediate(resolve))
      return slow.list(...args)
    }
    const { storage, store } = privateScene({ maxElements: 2 }, { ...slow, list })
    const account = parseJid(hamlet).bare
    const outcomes = await Promise.allSettled(
      ['a', 'b', 'c', 'd'].map((name) => storage.set(account, [parseElement(`<${name} xmlns='x'/>`)])),
    )
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected'])
    expect(await store.count(hamlet)).toBe(2)
  })
})
