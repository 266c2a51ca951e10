import { parseElement } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { readHandled, wrongCount } from './elements.js'

const h = (value: string) => readHandled(parseElement(`<a xmlns='urn:xmpp:sm:3' h='${value}'/>`))

describe('elements', () => {
  test.each([
    ['0', 0],
    ['007', 7],
    ['4294967295', 4_294_967_295],
    ['4294967296', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['1e3', undefined],
    [' 1', undefined],
    ['', undefined],
    ['9'.repeat(400), undefined],
  ])('SM-1: h=%s is read as %s', (text, value) => {
    expect(h(text)).toBe(value)
  })

  test('SM-1: too much and too little are told apart, also across zero', () => {
    const tooHigh = (one: number, acknowledged: number) =>
      wrongCount(one, acknowledged, acknowledged).application !== undefined
    expect(tooHigh(10, 8)).toBe(true)
    expect(tooHigh(8, 10)).toBe(false)
    expect(tooHigh(3, 4_294_967_290)).toBe(true)
    expect(tooHigh(4_294_967_290, 3)).toBe(false)
  })
})
