import { parseElement, textFromWire, writeElement } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { createEntityTime, timeGet } from './entity-time.js'
import { createIqScene } from './iq-scene.js'

const server = 'capulet.example'
const result = timeGet.result!

describe('XEP-0202', () => {
  test.each([
    [undefined, '+00:00'],
    [-360, '-06:00'],
    [345, '+05:45'],
    [-30, '-00:30'],
    [840, '+14:00'],
  ])('an offset of %s minutes is told as %s, the time in UTC', async (offsetMinutes, tzo) => {
    const scene = createIqScene()
    createEntityTime(scene, offsetMinutes === undefined ? {} : { offsetMinutes })
    const answer = await scene.send('get', server, 'a@b/c', timeGet.request.encode({}))
    const text = textFromWire(writeElement(answer.element.getChild('time')!))
    expect(text).toContain(`<tzo>${tzo}</tzo><utc>2006-12-19T17:58:35Z</utc>`)
    expect(answer.payload(result)).toEqual({
      offsetMinutes: offsetMinutes ?? 0,
      utc: new Date('2006-12-19T17:58:35Z'),
    })
  })

  test.each([0.5, 841, -841, Number.NaN])('an offset of %s minutes is none', (offsetMinutes) => {
    const scene = createIqScene()
    expect(() => createEntityTime(scene, { offsetMinutes })).toThrow(RangeError)
  })

  test.each([
    ['Z', 0],
    ['-00:00', 0],
    ['+05:45', 345],
  ])('the answer of others may say %s', (tzo, offsetMinutes) => {
    const text = `<time xmlns='urn:xmpp:time'><tzo>${tzo}</tzo><utc>2006-12-19T17:58:35Z</utc></time>`
    expect(result.decode(parseElement(text).toElement()).offsetMinutes).toBe(offsetMinutes)
  })

  test.each(['', '0', '+5:45', '+15:00', '05:45', '+05:60'])('but not %j', (tzo) => {
    const text = `<time xmlns='urn:xmpp:time'><tzo>${tzo}</tzo><utc>2006-12-19T17:58:35Z</utc></time>`
    expect(() => result.decode(parseElement(text).toElement())).toThrow('time/tzo: not an offset from UTC')
  })

  test('it is said to be supported while it is', async () => {
    const scene = createIqScene()
    const time = createEntityTime(scene)
    expect(await scene.features(server)).toContain('urn:xmpp:time')
    time[Symbol.dispose]()
    expect(await scene.features(server)).not.toContain('urn:xmpp:time')
  })
})
