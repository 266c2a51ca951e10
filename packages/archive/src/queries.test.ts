import { parseJid } from '@xmppkit/jid'
import { isCopy } from '@xmppkit/sessions'
import { describe, expect, test } from 'vitest'
import { type Client, fakeHost, form, read, rsm, settled } from './fake-host.js'

const juliet = 'juliet@example.com'
const minute = 60_000

/** A host whose juliet has got messages 0 to n-1, a minute apart, and asks. */
async function library(count: number, setup: Parameters<typeof fakeHost>[0] = {}) {
  const host = fakeHost(setup)
  const client = await host.connect(`${juliet}/balcony`)
  await client.available()
  for (let n = 0; n < count; n += 1) {
    await host.arrives(
      `<message from='romeo@example.net/${n % 2 ? 'odd' : 'even'}' to='${juliet}' type='chat' id='m${n}'><body>${n}</body></message>`,
    )
    await host.clock.advance(minute)
  }
  client.heard()
  const asked = async (...about: Parameters<Client['query']>) => {
    const { bodies, answer } = await client.query(...about)
    return `${bodies}${answer.includes("complete='true'") ? '' : ' ...'}`.trim()
  }
  return { host, client, asked }
}
const condition = (answer: string) => /<error.*?<([a-z-]+)/.exec(answer)?.[1]

describe('results', () => {
  test('MAM-1: a query returns what was delivered before, as it was, with its id and time', async () => {
    const { client } = await library(1)
    client.heard()
    await client.send("<iq type='set' id='q1'><query xmlns='urn:xmpp:mam:2' queryid='f&amp;7'/></iq>")
    expect(client.heard()).toEqual([
      `<message from='${juliet}' to='${juliet}/balcony'><result xmlns='urn:xmpp:mam:2' queryid='f&amp;7' id='a1'>` +
        "<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2026-01-31T12:00:00Z'/>" +
        `<message from='romeo@example.net/even' to='${juliet}' type='chat' id='m0'><body>0</body></message>` +
        '</forwarded></result></message>',
      `<iq from='${juliet}' id='q1' to='${juliet}/balcony' type='result'><fin xmlns='urn:xmpp:mam:2' complete='true'>` +
        "<set xmlns='http://jabber.org/protocol/rsm'><first>a1</first><last>a1</last></set></fin></iq>",
    ])
  })

  test('MAM-4: an empty archive is complete', async () => {
    const { client } = await library(0)
    const { bodies, answer } = await client.query()
    expect(bodies).toBe('')
    expect(answer).toContain("complete='true'><set xmlns='http://jabber.org/protocol/rsm'/></fin>")
  })

  test('MAM-2 SEC-18: results go to the resource that asked alone, and are neither archived nor copied', async () => {
    const { host } = await library(2)
    const phone = await host.connect(`${juliet}/phone`)
    await phone.available()
    const isMarked: unknown[] = []
    const desk = await host.connect(`${juliet}/desk`, {
      refuses(stanza) {
        if (stanza.kind === 'message') isMarked.push(stanza.meta(isCopy))
        return false
      },
    })
    const archived = await host.archived(juliet)
    expect((await desk.query()).bodies).toBe('0 1')
    expect(phone.heard()).toEqual([])
    expect(await host.archived(juliet)).toEqual(archived)
    // What carbons leave alone.
    expect(isMarked).toEqual([true, true])
  })

  test('SEC-18: forged results are ordinary content, and never somebody’s archive', async () => {
    const { host, client } = await library(0)
    const forged =
      "<result xmlns='urn:xmpp:mam:2' id='x'><forwarded xmlns='urn:xmpp:forward:0'><message from='nurse@example.com'><body>lie</body></message></forwarded></result>"
    await host.arrives(`<message from='eve@example.net/x' to='${juliet}' type='chat'>${forged}</message>`)
    expect(client.heard()[0]).toContain("from='eve@example.net/x'")
    expect(await host.archived(juliet)).toEqual([])
    const { bodies } = await client.query(form({ with: 'nurse@example.com' }))
    expect(bodies).toBe('')
  })

  test('a message that cannot be read is reported and left out', async () => {
    const { host, client } = await library(2)
    await host.store.replace(parseJid(juliet).bare, 'a1', '<message')
    expect((await client.query()).bodies).toBe('1')
    expect(host.logged).toHaveLength(1)
  })
})

describe('access', () => {
  test('MAM-2: only the owner may ask, whether the account exists or not', async () => {
    const { host, client } = await library(1)
    const eve = await host.connect('eve@example.com/x')
    for (const whose of [juliet, 'nobody@example.com']) {
      for (const [type, payload] of [
        ['set', 'query'],
        ['get', 'query'],
        ['get', 'metadata'],
        ['get', 'prefs'],
      ]) {
        await eve.send(`<iq type='${type}' id='q' to='${whose}'><${payload} xmlns='urn:xmpp:mam:2'/></iq>`)
        const [answer, ...rest] = eve.heard()
        expect([condition(answer ?? ''), rest]).toEqual(['forbidden', []])
      }
    }
    await eve.send(
      `<iq type='set' id='q' to='${juliet}'><prefs xmlns='urn:xmpp:mam:2' default='never'/></iq>`,
    )
    expect(condition(eve.heard()[0] ?? '')).toBe('forbidden')
    expect(client.heard()).toEqual([])
    await host.arrives(
      `<iq type='set' id='q' from='eve@example.net/x' to='${juliet}'><query xmlns='urn:xmpp:mam:2'/></iq>`,
    )
    expect(condition(host.answers()[0] ?? '')).toBe('forbidden')
  })

  test('MAM-2: the owner may name itself', async () => {
    const { client } = await library(1)
    await client.send(`<iq type='set' id='q' to='${juliet}'><query xmlns='urn:xmpp:mam:2'/></iq>`)
    expect(client.heard()).toHaveLength(2)
  })
})

describe('pages', () => {
  test('MAM-4: forwards and backwards, from either end', async () => {
    const { asked } = await library(5)
    expect(await asked(rsm('<max>2</max>'))).toBe('0 1 ...')
    expect(await asked(rsm('<max>2</max><after>a2</after>'))).toBe('2 3 ...')
    expect(await asked(rsm('<max>2</max><after>a4</after>'))).toBe('4')
    expect(await asked(rsm('<max>2</max><before/>'))).toBe('3 4 ...')
    expect(await asked(rsm('<max>2</max><before>a4</before>'))).toBe('1 2 ...')
    expect(await asked(rsm('<max>2</max><before>a2</before>'))).toBe('0')
    expect(await asked(rsm('<max>9</max><after>a1</after><before>a4</before>'))).toBe('1 2')
    expect(await asked(rsm('<max>2</max><index>3</index>'))).toBe('3 4')
  })

  test('messages are counted up to a limit; of more there is no number, and no page that far', async () => {
    const { client } = await library(5, { options: { maxCount: 4 } })
    const count = async (more: string) => /<count>(\d+)/.exec((await client.query(more)).answer)?.[1]
    expect(await count(rsm('<max>0</max>'))).toBeUndefined()
    expect(await count(`${form({ with: 'romeo@example.net/even' })}${rsm('<max>0</max>')}`)).toBe('3')
    expect(await count(`${form({ 'after-id': 'a1' })}${rsm('<max>0</max>')}`)).toBe('4')
    expect((await client.query(rsm('<max>1</max><index>4</index>'))).bodies).toBe('4')
    const { answer } = await client.query(rsm('<max>1</max><index>5</index>'))
    expect(condition(answer)).toBe('feature-not-implemented')
  })

  test('MAM-4: the ends of a page are named, flipped or not, and counted where nothing else is asked', async () => {
    const { client } = await library(5)
    const page = `${rsm('<max>3</max><before/>')}<flip-page/>`
    const { bodies, answer } = await client.query(page)
    expect(bodies).toBe('4 3 2')
    expect(answer).toContain('<first>a3</first><last>a5</last>')
    const counted = await client.query(rsm('<max>0</max>'))
    expect(counted.bodies).toBe('')
    expect(counted.answer).toContain('<count>5</count>')
    expect(counted.answer).not.toContain("complete='true'")
    expect((await client.query(rsm('<max>1</max><index>2</index>'))).answer).toContain(
      "<first index='2'>a3</first>",
    )
  })

  test('a page has a usual and a largest size', async () => {
    const { asked } = await library(5, { options: { pageSize: 2, maxPageSize: 3 } })
    expect(await asked()).toBe('0 1 ...')
    expect(await asked(rsm('<max>100</max>'))).toBe('0 1 2 ...')
  })

  test('MAM-3: an id that is not there is not found, wherever it stands', async () => {
    const { client } = await library(2)
    for (const payload of [
      rsm('<after>gone</after>'),
      rsm('<before>gone</before>'),
      form({ 'after-id': 'gone' }),
      form({ 'before-id': 'gone' }),
      form({ ids: ['a1', 'gone'] }),
    ]) {
      const { bodies, answer } = await client.query(payload)
      expect([bodies, condition(answer)]).toEqual(['', 'item-not-found'])
    }
  })
})

describe('filters', () => {
  test('MAM-3: by party, time, ids and words', async () => {
    const { asked } = await library(6)
    const at = (n: number) => new Date(Date.UTC(2026, 0, 31, 12, n)).toISOString()
    expect(await asked(form({ with: 'romeo@example.net' }))).toBe('0 1 2 3 4 5')
    expect(await asked(form({ with: 'romeo@example.net/odd' }))).toBe('1 3 5')
    expect(await asked(form({ with: juliet }))).toBe('')
    expect(await asked(form({ start: at(2), end: at(4) }))).toBe('2 3 4')
    expect(await asked(form({ 'after-id': 'a2', 'before-id': 'a5' }))).toBe('2 3')
    expect(await asked(form({ ids: ['a6', 'a2'] }))).toBe('1 5')
    expect(await asked(form({ '{urn:xmpp:fulltext:0}fulltext': '4' }))).toBe('4')
    expect(await asked(form({ withtext: '3' }))).toBe('3')
    expect(await asked(form({ withtext: ' ' }))).toBe('0 1 2 3 4 5')
    expect(await asked(form({ 'include-groupchat': 'false' }))).toBe('0 1 2 3 4 5')
    expect(
      await asked(form({ with: 'romeo@example.net/odd', start: at(2) }) + rsm('<max>1</max><before/>')),
    ).toBe('5 ...')
  })

  test('MAM-3: what cannot be understood is refused', async () => {
    const { client } = await library(1)
    const refused = async (payload: string) => condition((await client.query(payload)).answer)
    expect(await refused(form({ 'urn:example:mood': 'x' }))).toBe('feature-not-implemented')
    expect(await refused(form({ constructor: 'x' }))).toBe('feature-not-implemented')
    expect(await refused(form({ with: '@' }))).toBe('bad-request')
    expect(await refused(form({ with: [juliet, juliet] }))).toBe('bad-request')
    expect(await refused(form({ start: 'yesterday' }))).toBe('bad-request')
    expect(await refused(form({ FORM_TYPE: 'urn:example:other' }))).toBe('bad-request')
    expect(await refused("<x xmlns='jabber:x:data' type='submit'/>")).toBe('bad-request')
    expect(await refused(form({}).replace('submit', 'cancel'))).toBe('bad-request')
    expect(await refused(rsm('<max>-1</max>'))).toBe('bad-request')
    expect(await refused(rsm('<max>1</max><index>1</index><after>a1</after>'))).toBe('bad-request')
    expect(await refused(form({ ids: Array.from({ length: 1001 }, () => 'a1') }))).toBe('bad-request')
  })

  test('where nothing can be searched, words are refused and not offered', async () => {
    const { client } = await library(1, { store: (store) => ({ ...store, searches: false }) })
    expect(condition((await client.query(form({ withtext: 'x' }))).answer)).toBe('feature-not-implemented')
    await client.send("<iq type='get' id='f'><query xmlns='urn:xmpp:mam:2'/></iq>")
    expect(client.heard().join()).not.toContain('fulltext')
  })

  test('MAM-3: the form names all fields; that of ids is open', async () => {
    const { client } = await library(0)
    await client.send("<iq type='get' id='f'><query xmlns='urn:xmpp:mam:2'/></iq>")
    const [answer = ''] = client.heard()
    const names = [...answer.matchAll(/var='([^']*)'/g)].map(([, name]) => name).sort()
    expect(names).toEqual(
      [
        'FORM_TYPE',
        'after-id',
        'before-id',
        'end',
        'ids',
        'include-groupchat',
        'start',
        'with',
        '{urn:xmpp:fulltext:0}fulltext',
      ].sort(),
    )
    expect(answer).toMatch(/var='ids'[^>]*><validate [^>]*><open\/>/)
    expect(answer).not.toContain('required')
  })
})

test('MAM-4: metadata names the ends of an archive, and nothing of an empty one', async () => {
  const { host, client } = await library(0)
  const ask = async () => {
    await client.send("<iq type='get' id='m'><metadata xmlns='urn:xmpp:mam:2'/></iq>")
    return client.heard()[0]
  }
  expect(await ask()).toContain("<metadata xmlns='urn:xmpp:mam:2'/>")
  for (const n of [1, 2, 3]) {
    await host.arrives(`<message from='romeo@example.net/x' to='${juliet}'><body>${n}</body></message>`)
    await host.clock.advance(minute)
  }
  client.heard()
  expect(await ask()).toContain(
    "<start id='a1' timestamp='2026-01-31T12:00:00Z'/><end id='a3' timestamp='2026-01-31T12:02:00Z'/>",
  )
})

describe('pace', () => {
  const slow = async (options = {}) => {
    const host = fakeHost({ options: { resultBytes: 200, ...options } })
    const writer = await host.connect(`${juliet}/writer`)
    await writer.available()
    for (let n = 0; n < 6; n += 1) {
      await host.arrives(
        `<message from='romeo@example.net/x' to='${juliet}' type='chat'><body>${n}</body></message>`,
      )
    }
    const client = await host.connect(`${juliet}/slow`, { receiptsByHand: true })
    return { host, writer, client }
  }
  const query = "<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>"

  test('no more is under way to a client than it takes', async () => {
    const { client } = await slow()
    await client.send(query)
    const counts: number[] = []
    for (let turn = 0; turn < 6; turn += 1) {
      counts.push(client.heard().length)
      for (const receipt of client.receipts.splice(0)) receipt('delivered')
      await settled()
    }
    // Two messages of about 100 bytes at a time; the answer comes behind the last.
    expect(counts).toEqual([1, 1, 1, 1, 1, 2])
  })

  test('a client that goes away ends its query', async () => {
    const { host, client } = await slow()
    await client.send(query)
    expect(client.heard()).toHaveLength(1)
    await client.leave()
    expect(client.heard()).toEqual([])
    expect(host.logged).toEqual([])
  })

  test('a client that takes too long gets an error, and the next query is answered', async () => {
    const { host, client, writer } = await slow()
    await client.send(query)
    await host.clock.advance(30_000)
    await settled()
    expect(condition(client.heard().at(-1) ?? '')).toBe('internal-server-error')
    expect((await writer.query(rsm('<max>1</max>'))).bodies).toBe('0')
  })

  test('queries of an account are answered one after another, and not without end', async () => {
    const { client } = await slow({ maxQueriesPerAccount: 2 })
    for (const id of ['1', '2', '3']) {
      await client.send(`<iq type='set' id='${id}'><query xmlns='urn:xmpp:mam:2'/></iq>`)
    }
    const heard = client.heard()
    expect(heard).toHaveLength(2)
    expect(condition(heard[1] ?? '')).toBe('resource-constraint')
    expect(heard[1]).toContain("id='3'")
  })
})

test('what it reads is what it wrote: a stanza stays the same through storage', async () => {
  const { host, client } = await library(0)
  const xml =
    "<message from='romeo@example.net/x' to='juliet@example.com' type='chat' id='x1' xml:lang='it'><body>a &lt;&amp;&gt; “ü” 😀</body><x xmlns='urn:example:rose' colour='&quot;'>red<y/>!</x></message>"
  await host.arrives(xml)
  client.heard()
  await client.send("<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>")
  const [result = ''] = client.heard()
  const inner = /<\/?forwarded[^>]*>(?:<delay[^>]*>)(.*)<\/forwarded>/.exec(result)?.[1] ?? ''
  expect(read(inner).element.toString()).toBe(read(xml).element.toString())
})
