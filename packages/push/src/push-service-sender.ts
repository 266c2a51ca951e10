import type { Iq } from '@xmppkit/iq'
import { makeJid, parseJid } from '@xmppkit/jid'
import { isStanzaError, type StanzaErrorCondition } from '@xmppkit/stanza'
import { parseElement } from '@xmppkit/xml'
import type { PushNotification, PushSender } from './ports.js'
import { pushPublish } from './push-payload.js'

/** What {@link createPushServiceSender} needs. */
export interface PushServiceSenderDeps {
  /** Asks the push service and waits for its answer. */
  readonly iq: Pick<Iq, 'request'>
}

/** Answers after which it makes no sense to try again: the node is not there, or not ours to publish to. */
const final: ReadonlySet<StanzaErrorCondition> = new Set<StanzaErrorCondition>([
  'bad-request',
  'conflict',
  'feature-not-implemented',
  'forbidden',
  'gone',
  'item-not-found',
  'jid-malformed',
  'not-acceptable',
  'not-allowed',
  'not-authorized',
  'registration-required',
  'subscription-required',
])

/**
 * Sends notifications to the XMPP push service a client named, in the name of the account's server (XEP-0357 §7).
 *
 * @example
 * ```ts
 * const push = createPush({ store, hooks, sessions, iq, clock, logger, senders: [createPushServiceSender({ iq })] })
 * ```
 */
export function createPushServiceSender({ iq }: PushServiceSenderDeps): PushSender {
  return {
    async send(notification) {
      const { account, registration, signal } = notification
      const from = makeJid({ domain: account.domain })
      try {
        await iq.request(pushPublish, parseJid(registration.service), payloadOf(notification), {
          from,
          signal,
        })
        return 'sent'
      } catch (error) {
        if (isStanzaError(error) && error.type !== 'wait' && final.has(error.condition)) return 'gone'
        throw error
      }
    },
  }
}

function payloadOf({ registration, summary }: PushNotification) {
  const { node, options } = registration
  const { messageCount, sender, body } = summary
  const told = {
    ...(messageCount !== undefined && { messageCount }),
    ...(sender !== undefined && { sender }),
    ...(body !== undefined && { body }),
  }
  const notification = Object.keys(told).length > 0 ? { summary: told } : {}
  return {
    publish: { ...(node !== '' && { node }), item: { notification } },
    ...(options !== undefined && { options: { forms: [parseElement(options).toElement()] } }),
  }
}
