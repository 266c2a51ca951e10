import { type C2sSession, userSendPacket } from '@xmppkit/c2s'
import { createHooks, type Hooks, isDrop } from '@xmppkit/hooks'
import { createIq } from '@xmppkit/iq'
import { isFullJid, parseJid } from '@xmppkit/jid'
import { createCountingIds, createManualClock, type Logger } from '@xmppkit/runtime'
import { type SessionRecord, sessionClosed } from '@xmppkit/sessions'
import { iq as iqStanza, NS, presence, readStanzaError, type Stanza } from '@xmppkit/stanza'
import { createMemoryKeyValue, type KeyValue } from '@xmppkit/storage'
import { type Element, parseElement, textFromWire } from '@xmppkit/xml'
import { createVCards, type VCards } from './vcard.js'
import type { VCardOptions } from './vcard-options.js'

/** A client of a test. */
export interface SceneClient {
  readonly session: C2sSession
  /** Sends presence, with these children as XML; answers with the update everybody sees in it. */
  presence(children?: string, to?: string): Promise<string>
  /** The updates that were sent again since the last call. */
  again(): string[]
  leave(): Promise<void>
}

/** Blocks wired by hand, for the tests of this package. */
export interface VCardScene {
  readonly store: KeyValue
  readonly hooks: Hooks
  readonly vcards: VCards
  readonly logged: string[]
  /** Sends a request and answers with its payload as text, or with the condition of the error. */
  ask(type: 'get' | 'set', from: string, to: string, vcard: string): Promise<string>
  connect(address: string): SceneClient
}

/** The image most tests use, its hash, and a vCard with it. */
export const image = Buffer.from('not really a picture')
/** SHA-1 of {@link image}. */
export const imageHash = 'deaabdb02c825d2f83ea1848151174e6a473265e'
/** A vCard as XML. */
export const vcardXml = (children: string) => `<vCard xmlns='vcard-temp'>${children}</vCard>`
/** A vCard with a photo. */
export const withPhoto = (data: Buffer | string = image) =>
  vcardXml(
    `<PHOTO><TYPE>image/png</TYPE><BINVAL>${typeof data === 'string' ? data : data.toString('base64')}</BINVAL></PHOTO>`,
  )

/** Makes a scene. */
export function vcardScene(options: VCardOptions = {}, store: KeyValue = createMemoryKeyValue()): VCardScene {
  const answers: Stanza[] = []
  const logged: string[] = []
  const note = (message: string) => void logged.push(message)
  const logger: Logger = { debug() {}, info() {}, warn: note, error: note, child: () => logger }
  const hooks = createHooks({ onError: (error) => note(String(error)) })
  const iq = createIq({
    route: (stanza) => void answers.push(stanza),
    interceptReplies: () => ({ [Symbol.dispose]() {} }),
    clock: createManualClock(),
    ids: createCountingIds('id'),
    logger,
  })
  const there: SessionRecord[] = []
  const sessions = {
    resources: (account: { equals(other: unknown): boolean }) =>
      there.filter(({ jid }) => account.equals(jid.bare)),
  }
  const vcards = createVCards({ store, hooks, sessions, iq, logger }, options)
  const read = (xml: string): Element => parseElement(xml).toElement()

  return {
    store,
    hooks,
    vcards,
    logged,
    async ask(type, from, to, vcard) {
      await iq.dispatch(
        iqStanza({ type, id: '1', from, to }, read(vcard)),
        to.includes('@') ? 'account' : 'server',
      )
      const [answer, ...more] = answers.splice(0)
      if (answer === undefined || more.length > 0) throw new Error('not exactly one answer')
      if (answer.type === 'error') return String(readStanzaError(answer)?.condition)
      return textFromWire(answer.raw.content).replaceAll('"', "'")
    },
    connect(address) {
      const jid = parseJid(address)
      if (!isFullJid(jid)) throw new Error(`${address} has no resource`)
      let last: Stanza | undefined
      const again: string[] = []
      const session = {
        sid: address,
        jid,
        account: jid.bare,
        ended: false,
        updatePresence(change: (one: Stanza) => Stanza) {
          const changed = last && change(last)
          if (changed === undefined || changed === last) return
          last = changed
          again.push(updateIn(changed))
        },
      } as unknown as C2sSession & { ended: boolean }
      const record: SessionRecord = {
        sid: address,
        jid,
        order: 1,
        priority: 0,
        presence: undefined,
        info: { openedAt: 0 },
      }
      there.push(record)
      return {
        session,
        again: () => again.splice(0),
        async presence(children = '', to) {
          const sent = presence({ from: jid, to }, ...childrenOf(children))
          const folded = await hooks.fold(userSendPacket, sent, { session })
          if (isDrop(folded)) throw new Error('dropped')
          if (to === undefined) last = folded
          return updateIn(folded)
        },
        async leave() {
          session.ended = true
          there.splice(there.indexOf(record), 1)
          await hooks.run(sessionClosed, { session: record, reason: 'test' })
        },
      }
    },
  }
}

function childrenOf(xml: string): Element[] {
  const top = parseElement(`<presence xmlns='jabber:client'>${xml}</presence>`)
  return top.children.map((_, at) => top.childAt(at).toElement())
}

/** What a presence says about the photo: the hash, `empty` for an empty photo, `not ready`, or `nothing`. */
function updateIn(stanza: Stanza): string {
  const updates = stanza.raw.children.filter(({ ns }) => ns === NS.vcardUpdate)
  if (updates.length > 1) return `${updates.length} updates`
  const update = stanza.raw.child('x', NS.vcardUpdate)
  if (update === undefined) return 'nothing'
  const photo = update.childText('photo', NS.vcardUpdate)
  return photo === undefined ? 'not ready' : photo || 'empty'
}
