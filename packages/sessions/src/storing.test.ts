import { parseJid } from '@xmppkit/jid'
import { describe, expect, test } from 'vitest'
import { bench, fakeSession, online, read } from './fake-session.js'
import {
  archivedAs,
  bouncePacket,
  isArchivedForAddressee,
  offlineMessage,
  offlineSeq,
  receivePacket,
  type Storing,
  storing,
} from './tokens.js'

const juliet = 'juliet@example.com'
const chat = (to: string) =>
  read(`<message type="chat" id="1" from="romeo@example.net/orchard" to="${to}"><body>hi</body></message>`)
const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Something to be stored of every message, which ends when the test says so. */
function stored({ hooks }: Pick<ReturnType<typeof bench>, 'hooks'>) {
  let resolve = () => {}
  let reject: (error: Error) => void = () => {}
  const promise = new Promise<void>((done, failed) => {
    resolve = done
    reject = failed
  })
  const pending = {
    state: 'pending' as Storing['state'],
    flushed: 0,
    flush() {
      pending.flushed += 1
      return promise
    },
    whenDurable: () => {},
  } satisfies Storing & { flushed: number }
  const mark = { by: parseJid(juliet).bare, id: 'a1' }
  hooks.on(receivePacket, (stanza) => stanza.withMeta(storing, pending).withMeta(archivedAs, mark))
  const fail = () => {
    pending.state = 'failed'
    reject(new Error('disk full'))
  }
  return { pending, resolve: () => resolve(), fail }
}

describe('MAM-1: what is to be stored of a message', () => {
  test('is durable before a session gets it', async () => {
    const host = bench()
    const { pending, resolve } = stored(host)
    const desk = fakeSession(`${juliet}/desk`)
    await online(host.sessions, desk)
    const delivered = host.sessions.deliver(chat(juliet))
    await turn()
    expect([pending.flushed, desk.bodies()]).toEqual([1, []])
    resolve()
    await delivered
    expect(desk.bodies()).toEqual(['hi'])
  })

  test('is stored with what others store where nobody is there, and durable when that is told', async () => {
    const host = bench()
    const { pending, resolve } = stored(host)
    const seen: number[] = []
    host.hooks.on(
      offlineMessage,
      (value) => {
        seen.push(pending.flushed)
        return { ...value, action: 'stored' }
      },
      {
        seq: offlineSeq.store,
      },
    )
    let told = false
    const delivered = Promise.resolve(host.sessions.deliver(chat(juliet))).then(() => {
      told = true
    })
    await turn()
    expect([seen, pending.flushed, told]).toEqual([[0], 1, false])
    resolve()
    await delivered
  })

  test('X-CONS: is told of to nobody if that fails, and the sender gets the only answer', async () => {
    for (const isThere of [true, false]) {
      const host = bench()
      const { fail } = stored(host)
      // An archive that keeps errors about what is safe in it to itself.
      host.hooks.on(bouncePacket, (value) =>
        isArchivedForAddressee(value.stanza) ? { ...value, action: 'discard' } : value,
      )
      const desk = fakeSession(`${juliet}/desk`)
      if (isThere) await online(host.sessions, desk)
      const delivered = host.sessions.deliver(chat(juliet))
      fail()
      await delivered
      expect(desk.got).toEqual([])
      expect(host.routed).toEqual([expect.stringMatching(/type="error".*<internal-server-error /)])
    }
  })

  test('goes elsewhere if whoever was there has gone when it is durable', async () => {
    const host = bench()
    const { resolve } = stored(host)
    const phone = fakeSession(`${juliet}/phone`)
    const desk = fakeSession(`${juliet}/desk`, {
      deliver: (stanza) => host.sessions.reroute(stanza),
    })
    await online(host.sessions, desk)
    const delivered = host.sessions.deliver(chat(juliet))
    await host.sessions.close(desk)
    await online(host.sessions, phone)
    resolve()
    await delivered
    expect(phone.bodies()).toEqual(['hi'])
  })

  test('costs nothing more once it is durable', async () => {
    const host = bench()
    const { pending } = stored(host)
    pending.state = 'durable'
    const desk = fakeSession(`${juliet}/desk`)
    await online(host.sessions, desk)
    expect(host.sessions.deliver(chat(juliet))).toBeUndefined()
    expect([pending.flushed, desk.bodies()]).toEqual([0, ['hi']])
  })
})
