import { describe, expect, test } from 'vitest'
import { allWays, failure, openScene } from './scene.js'

const sm = 'urn:xmpp:sm:3'

describe.each(allWays)('negotiation %s', (_name, way) => {
  test('SM-3: it is offered to who has logged in, and to nobody else', async () => {
    await using scene = await openScene(way)
    const client = scene.dial()
    expect((await client.secure()).has('sm', sm)).toBe(false)
    const other = scene.dial()
    const features = await other.authenticate({ username: 'juliet', password: 'r0m30' }, await other.secure())
    expect(features.has('sm', sm)).toBe(true)
  })

  test.each([
    "<enable xmlns='urn:xmpp:sm:3' resume='true'/>",
    "<resume xmlns='urn:xmpp:sm:3' previd='x' h='0'/>",
    "<r xmlns='urn:xmpp:sm:3'/>",
    "<a xmlns='urn:xmpp:sm:3' h='0'/>",
  ])('SM-3: before login %s fails, and the login goes on', async (element) => {
    await using scene = await openScene(way)
    const client = scene.dial()
    const features = await client.secure()
    client.send(element)
    expect(failure(await client.receive())).toBe('failed unexpected-request')
    await expect(client.login({ username: 'juliet', password: 'r0m30' }, features)).resolves.toBeDefined()
  })

  test('SM-3: before a resource is bound it cannot be enabled, but a resource can be bound then', async () => {
    await using scene = await openScene(way)
    const client = await scene.authenticated('juliet')
    for (const element of ["<enable xmlns='urn:xmpp:sm:3'/>", "<r xmlns='urn:xmpp:sm:3'/>"]) {
      client.send(element)
      expect(failure(await client.client.receive())).toBe('failed unexpected-request')
    }
    client.send(
      "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>x</resource></bind></iq>",
    )
    await client.expect("<iq type='result' id='b'/>")
    expect((await client.enable()).name).toBe('enabled')
  })

  test('SM-3: acknowledgements before it is enabled fail', async () => {
    await using scene = await openScene(way)
    const { client } = await scene.bound('juliet')
    client.send("<r xmlns='urn:xmpp:sm:3'/><a xmlns='urn:xmpp:sm:3' h='0'/>")
    expect(failure(await client.receive())).toBe('failed unexpected-request')
    expect(failure(await client.receive())).toBe('failed unexpected-request')
    await client.expectNothing()
  })

  test('SM-3: a second time fails, and changes nothing', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.managed('juliet')
    const { id } = juliet
    juliet.client.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>")
    expect(failure(await juliet.client.receive())).toBe('failed unexpected-request')
    expect(await juliet.settle()).toBe(1)
    await scene.cut(juliet)
    expect((await scene.resumed(juliet)).id).toBe(id)
  })

  test.each([
    ['', undefined, undefined],
    ["resume='false'", undefined, undefined],
    ["resume='true'", 'true', '600'],
    ["resume='1'", 'true', '600'],
    ["resume='true' max='60'", 'true', '60'],
    ["resume='true' max='86400'", 'true', '600'],
    ["resume='true' max='0'", 'true', '600'],
    ["resume='true' max='-1'", 'true', '600'],
  ])('SM-4: %s is answered with what will be', async (attributes, resume, max) => {
    await using scene = await openScene(way)
    const enabled = await (await scene.bound('juliet')).enable(attributes)
    expect(enabled.attr('resume')).toBe(resume)
    expect(enabled.attr('max')).toBe(max)
    expect(enabled.attr('location')).toBeUndefined()
    expect(enabled.attr('id') === undefined).toBe(resume === undefined)
  })

  test('SEC-31: ids are long and never the same', async () => {
    await using scene = await openScene(way)
    const ids = new Set<string>()
    for (const resource of ['a', 'b', 'c']) {
      const person = await scene.bound('juliet', resource)
      await person.enable()
      expect(person.id).toMatch(/^[\w-]{22,}$/)
      ids.add(person.id)
    }
    expect(ids.size).toBe(3)
  })

  test('SM-4: where nothing may wait, nothing can be resumed', async () => {
    await using scene = await openScene(way, { streamManagement: { resumeTimeoutMs: 0 } })
    const juliet = await scene.bound('juliet')
    expect((await juliet.enable()).attr('resume')).toBeUndefined()
  })

  test.each([
    "<resume xmlns='urn:xmpp:sm:3' h='0'/>",
    "<resume xmlns='urn:xmpp:sm:3' previd='x'/>",
    "<resume xmlns='urn:xmpp:sm:3' previd='x' h='-1'/>",
    "<resume xmlns='urn:xmpp:sm:3' previd='x' h='4294967296'/>",
    "<resume xmlns='urn:xmpp:sm:3' previd='x' h='one'/>",
  ])('SM-3: %s is a bad request', async (element) => {
    await using scene = await openScene(way)
    const { client } = await scene.authenticated('juliet')
    client.send(element)
    expect(failure(await client.receive())).toBe('failed bad-request')
  })

  test('SM-4: with a resource bound nothing is resumed', async () => {
    await using scene = await openScene(way)
    const juliet = await scene.managed('juliet')
    await scene.cut(juliet)
    const other = await scene.bound('juliet', 'other')
    expect(failure(await other.resume(juliet))).toBe('failed unexpected-request')
    await expect(scene.resumed(juliet)).resolves.toBeDefined()
  })

  test('SM-3: elements only servers send end the stream', async () => {
    await using scene = await openScene(way)
    const { client } = await scene.managed('juliet')
    client.send("<enabled xmlns='urn:xmpp:sm:3'/>")
    expect(
      (await client.receive()).has('unsupported-stanza-type', 'urn:ietf:params:xml:ns:xmpp-streams'),
    ).toBe(true)
    await client.expectEnd()
  })
})
