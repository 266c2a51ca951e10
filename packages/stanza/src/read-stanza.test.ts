import { parseElement } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { failureOf } from './codec-cases.js'
import { checkIq, readPriority, readStanza, stanzaKind } from './read-stanza.js'
import { isStanzaError, type StanzaError } from './stanza-error.js'

const read = (xml: string) => readStanza(parseElement(xml))
const conditionOf = (act: () => unknown) => {
  const error = failureOf(act)
  return isStanzaError(error) ? (error as StanzaError).condition : error
}

describe('the start tag', () => {
  test('M-6: a message without a type is normal', () => {
    expect(read("<message xmlns='jabber:client'/>").type).toBe('normal')
  })

  test.each(['normal', 'chat', 'groupchat', 'headline', 'error'])('a message of type %s keeps it', (type) => {
    expect(read(`<message xmlns='jabber:client' type='${type}'/>`).type).toBe(type)
  })

  test.each(['', 'CHAT', 'get', 'available', '__proto__', 'constructor'])(
    'Q-9: a message of the unknown type %j is normal and keeps its attribute',
    (type) => {
      const stanza = read(`<message xmlns='jabber:client' type='${type}'/>`)
      expect(stanza.type).toBe('normal')
      expect(stanza.raw.attr('type')).toBe(type)
    },
  )

  test('a presence without a type is available', () => {
    expect(read("<presence xmlns='jabber:client'/>").type).toBe('available')
  })

  test.each(['', 'available', 'chat', 'invisible', '__proto__', 'toString'])(
    'Q-9: a presence of the unknown type %j is a bad request',
    (type) => {
      expect(conditionOf(() => read(`<presence xmlns='jabber:client' type='${type}'/>`))).toBe('bad-request')
    },
  )

  test.each(["id='1'", "id='1' type=''", "id='1' type='ask'", "id='1' type='constructor'", "type='get'"])(
    'Q-5: an iq with %s is a bad request',
    (attributes) => {
      expect(conditionOf(() => read(`<iq xmlns='jabber:client' ${attributes}/>`))).toBe('bad-request')
    },
  )

  test.each(['get', 'set', 'result', 'error'])('an iq of type %s with an id is read', (type) => {
    expect(read(`<iq xmlns='jabber:client' id='' type='${type}'/>`)).toMatchObject({
      kind: 'iq',
      type,
      id: '',
    })
  })
})

describe('addresses', () => {
  test('both are parsed', () => {
    const stanza = read("<message xmlns='jabber:client' to='a@example.com' from='B@Example.com/R'/>")
    expect(stanza.to?.toString()).toBe('a@example.com')
    expect(stanza.from?.toString()).toBe('b@example.com/R')
  })

  test('absent ones are undefined', () => {
    expect(read("<message xmlns='jabber:client'/>")).toMatchObject({ to: undefined, from: undefined })
  })

  test.each(['', '@example.com', 'a@', 'a@b@c', 'example.com/', 'a b@example.com', 'a@exa mple.com'])(
    'D-5: the address %j is a malformed address of the stanza, in to and in from',
    (address) => {
      for (const name of ['to', 'from']) {
        expect(conditionOf(() => read(`<message xmlns='jabber:client' ${name}='${address}'/>`))).toBe(
          'jid-malformed',
        )
      }
    },
  )
})

describe('what is no stanza', () => {
  test.each([
    "<auth xmlns='jabber:client'/>",
    "<message xmlns='urn:example'/>",
    "<iq xmlns='' id='1' type='get'/>",
    "<MESSAGE xmlns='jabber:client'/>",
  ])('%s', (xml) => {
    expect(stanzaKind(parseElement(xml))).toBeUndefined()
    expect(conditionOf(() => read(xml))).toBe('bad-request')
  })

  test.each(['jabber:client', 'jabber:server', 'jabber:component:accept'])('content namespace %s', (ns) => {
    expect(stanzaKind(parseElement(`<presence xmlns='${ns}'/>`))).toBe('presence')
  })
})

describe('checkIq', () => {
  const counts = [
    ['get', 0, 'bad-request'],
    ['get', 1, undefined],
    ['get', 2, 'bad-request'],
    ['set', 0, 'bad-request'],
    ['set', 1, undefined],
    ['set', 3, 'bad-request'],
    ['result', 0, undefined],
    ['result', 1, undefined],
    ['result', 2, 'bad-request'],
    ['error', 0, undefined],
    ['error', 2, undefined],
  ] as const
  test.each(counts)('Q-1: an iq of type %s with %i children: %s', (type, count, condition) => {
    const children = "<q xmlns='urn:example'/>".repeat(count)
    const stanza = read(`<iq xmlns='jabber:client' type='${type}' id='1'>${children}</iq>`)
    expect(conditionOf(() => checkIq(stanza))).toBe(condition)
  })
})

describe('readPriority', () => {
  const priority = (text: string) =>
    readPriority(read(`<presence xmlns='jabber:client'><priority>${text}</priority></presence>`))

  test('none is 0', () => {
    expect(readPriority(read("<presence xmlns='jabber:client'/>"))).toBe(0)
  })

  test.each([
    ['0', 0],
    ['-128', -128],
    ['127', 127],
    ['+5', 5],
    [' 7\n', 7],
    ['007', 7],
  ])('N-6: %j is %i', (text, value) => {
    expect(priority(text)).toBe(value)
  })

  test.each(['', '128', '-129', '1.0', '1e1', '0x10', 'NaN', 'Infinity', '1 2', '--1', '９', '9999'])(
    'N-6: %j is a bad request',
    (text) => {
      expect(conditionOf(() => priority(text))).toBe('bad-request')
    },
  )
})
