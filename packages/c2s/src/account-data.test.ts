import { removeUser } from '@xmppkit/auth'
import { createHooks } from '@xmppkit/hooks'
import { type BareJid, type FullJid, isFullJid, parseJid } from '@xmppkit/jid'
import { type SessionRecord, sessionClosed } from '@xmppkit/sessions'
import { expect, test } from 'vitest'
import { createAccountData } from './account-data.js'

const juliet = parseJid('juliet@example.com').bare
const romeo = parseJid('romeo@example.com').bare

function scene() {
  const hooks = createHooks({ onError: (error) => expect.fail(String(error)) })
  const kept = new Map<string, string[]>()
  const there: SessionRecord[] = []
  const data = createAccountData({
    hooks,
    sessions: { resources: (account) => there.filter(({ jid }) => jid.bare.equals(account)) },
    removeAll: async (account) => kept.delete(account.toString()),
    label: 'notes',
  })
  const note = (account: BareJid, text: string, ready: Promise<unknown> = Promise.resolve()) =>
    data.change(account, async () => {
      await ready
      kept.set(account.toString(), [...(kept.get(account.toString()) ?? []), text])
    })
  const connect = (jid: FullJid): SessionRecord => {
    const session = {
      sid: jid.toString(),
      jid,
      order: 1,
      priority: undefined,
      presence: undefined,
      info: { openedAt: 0 },
    }
    there.push(session)
    return session
  }
  const disconnect = async (session: SessionRecord) => {
    there.splice(there.indexOf(session), 1)
    await hooks.run(sessionClosed, { session, reason: 'test' })
  }
  const remove = async (account: BareJid) => {
    await hooks.run(removeUser, { account, id: '1' })
  }
  return { hooks, kept, data, note, connect, disconnect, remove }
}

function full(text: string): FullJid {
  const jid = parseJid(text)
  if (!isFullJid(jid)) throw new Error('no resource')
  return jid
}

test('changes of one account happen in order, those of another do not wait', async () => {
  const { note, kept } = scene()
  let open = () => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const first = note(juliet, 'first', gate)
  const second = note(juliet, 'second')
  await note(romeo, 'other')
  expect(kept.get('juliet@example.com')).toBeUndefined()
  open()
  await Promise.all([first, second])
  expect(kept.get('juliet@example.com')).toEqual(['first', 'second'])
})

test('a change that fails does not stop the next', async () => {
  const { note, kept, data } = scene()
  const failed = data.change(juliet, () => Promise.reject(new Error('disk full')))
  const after = note(juliet, 'after')
  await expect(failed).rejects.toThrow('disk full')
  await after
  expect(kept.get('juliet@example.com')).toEqual(['after'])
})

test('SEC-25: what was under way when the account was removed is not there for the next of that name', async () => {
  const { note, kept, remove, data, connect, disconnect } = scene()
  const session = connect(full('juliet@example.com/balcony'))
  let open = () => {}
  const under = note(juliet, 'under way', new Promise<void>((resolve) => (open = resolve)))
  const removed = remove(juliet)
  const late = note(juliet, 'late')
  open()
  await Promise.all([under, removed])
  await expect(late).rejects.toMatchObject({ condition: 'service-unavailable' })
  expect(kept.size).toBe(0)

  // Her session ends a moment later; until then nothing is kept for her.
  expect(data.isLeaving(juliet)).toBe(true)
  await expect(note(juliet, 'later')).rejects.toMatchObject({ condition: 'service-unavailable' })
  await disconnect(session)
  expect(data.isLeaving(juliet)).toBe(false)
  await note(juliet, 'the next one')
  expect(kept.get('juliet@example.com')).toEqual(['the next one'])
})

test('an account without sessions is forgotten at once, and nothing is left of the guard when it ends', async () => {
  const { note, kept, remove, data, hooks } = scene()
  await note(juliet, 'x')
  await note(romeo, 'y')
  await remove(juliet)
  expect(data.isLeaving(juliet)).toBe(false)
  expect([...kept]).toEqual([['romeo@example.com', ['y']]])
  data[Symbol.dispose]()
  expect(hooks.has(removeUser)).toBe(false)
  expect(hooks.has(sessionClosed)).toBe(false)
})
