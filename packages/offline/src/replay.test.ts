import { isXmppkitError } from '@xmppkit/runtime'
import { expect, test } from 'vitest'
import { shown } from './fake-host.js'
import { fromOfflineStorage, replay } from './replay.js'

const receivedAt = Date.UTC(2002, 8, 10, 23, 8, 25)
const stamp =
  "<delay xmlns='urn:xmpp:delay' from='capulet.com' stamp='2002-09-10T23:08:25Z'>Offline storage</delay>"
const start = "<message from='romeo@montague.net/orchard' to='juliet@capulet.com'>"

function replayed(content: string, expiresAt?: number, now = receivedAt) {
  const stanza = `<message xmlns='jabber:client' from='romeo@montague.net/orchard' to='juliet@capulet.com'>${content}</message>`
  const stored = { id: '1', stanza, receivedAt, ...(expiresAt === undefined ? {} : { expiresAt }) }
  return replay(stored, 'capulet.com', { now: () => now })
}

test('XEP-0203: a message comes as it was, with the time it was received', () => {
  const stanza = replayed('<body>O blessed, blessed night!</body>')
  expect(shown(stanza)).toBe(`${start}<body>O blessed, blessed night!</body>${stamp}</message>`)
  expect(stanza.meta(fromOfflineStorage)).toBe(true)
})

test('XEP-0203: a delay in our name that the sender wrote is taken out, those of others stay', () => {
  const forged =
    "<delay xmlns='urn:xmpp:delay' from='CAPULET.com' stamp='1999-01-01T00:00:00Z'/><delay xmlns='urn:xmpp:delay' from='capulet.com' stamp='1998-01-01T00:00:00Z'>Offline storage</delay>"
  const others =
    "<delay xmlns='urn:xmpp:delay' from='room@muc.montague.net' stamp='2002-09-10T23:05:37Z'/><delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:05:38Z'/>"
  expect(shown(replayed(`${forged}<body>x</body>${others}`))).toBe(
    `${start}<body>x</body>${others}${stamp}</message>`,
  )
})

test('XEP-0013: a mark of a fetched message that the sender wrote is taken out', () => {
  const mark = "<offline xmlns='http://jabber.org/protocol/offline'><item node='1'/></offline>"
  expect(shown(replayed(`<body>x</body>${mark}`))).toBe(`${start}<body>x</body>${stamp}</message>`)
})

test('XEP-0023: what is left of the time to live is said', () => {
  const content = "<body>x</body><x xmlns='jabber:x:expire' seconds='1800' stored='912830221'/>"
  const left = (now: number) => shown(replayed(content, receivedAt + 1_800_000, receivedAt + now))
  expect(left(0)).toContain("<x xmlns='jabber:x:expire' seconds='1800'/>")
  expect(left(1_000_500)).toContain("<x xmlns='jabber:x:expire' seconds='800'/>")
  expect(left(2_000_000)).toContain("<x xmlns='jabber:x:expire' seconds='0'/>")
  expect(left(0)).not.toContain('stored=')
})

test.each(['<', '<message', "<query xmlns='jabber:client'/>", "<message xmlns='jabber:client' to='@'/>"])(
  'a stored text that is no stanza any more is an error: %s',
  (stanza) => {
    let thrown: unknown
    try {
      replay({ id: '7', stanza, receivedAt }, 'capulet.com', { now: () => receivedAt })
    } catch (error) {
      thrown = error
    }
    expect(isXmppkitError(thrown, 'offline/unreadable')).toBe(true)
    expect(String(thrown)).toContain('stored message 7 cannot be read')
  },
)
