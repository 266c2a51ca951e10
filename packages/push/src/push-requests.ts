import type { AccountData } from '@xmppkit/c2s'
import type { Iq } from '@xmppkit/iq'
import type { BareJid, Jid } from '@xmppkit/jid'
import { type Clock, disposable } from '@xmppkit/runtime'
import { formPurpose, StanzaError } from '@xmppkit/stanza'
import { type Element, rawElement, textFromWire } from '@xmppkit/xml'
import type { PushStore } from './ports.js'
import type { PushSettings } from './push-options.js'
import { publishOptionsForm, pushDisable, pushEnable } from './push-payload.js'

/** What {@link servePushRequests} needs. */
export interface PushRequestsDeps {
  /** Where requests come in. */
  readonly iq: Pick<Iq, 'handle'>
  /** Where registrations are kept. */
  readonly store: Pick<PushStore, 'enable' | 'disable'>
  /** Keeps changes of one account in order. */
  readonly data: Pick<AccountData, 'change'>
  /** Dates registrations. */
  readonly clock: Pick<Clock, 'now'>
}

/** Answers clients that turn notifications on and off (XEP-0357 §5, §6). */
export function servePushRequests(
  { iq, store, data, clock }: PushRequestsDeps,
  { maxRegistrations, maxOptionsBytes }: Pick<PushSettings, 'maxRegistrations' | 'maxOptionsBytes'>,
): Disposable {
  const own = (from: Jid, to: Jid): BareJid => {
    if (!from.bare.equals(to)) throw new StanzaError('forbidden')
    return to.bare
  }
  const registrations = [
    iq.handle(
      pushEnable,
      'account',
      async ({ from, to, payload }) => {
        const account = own(from, to)
        const options = optionsOf(payload.forms[0], maxOptionsBytes)
        const registration = {
          service: payload.service.toString(),
          node: payload.node ?? '',
          client: from.resource,
          ...(options !== undefined && { options }),
          enabledAt: clock.now(),
        }
        await data.change(account, () => store.enable(account, registration, maxRegistrations))
      },
      // What the client registers may be a secret of the service (XEP-0357 §5).
      { echo: false },
    ),
    iq.handle(pushDisable, 'account', async ({ from, to, payload }) => {
      const account = own(from, to)
      await data.change(account, () => store.disable(account, payload.service.toString(), payload.node))
    }),
  ]
  return disposable(() => {
    for (const one of registrations) one[Symbol.dispose]()
  })
}

function optionsOf(el: Element | undefined, maxBytes: number): string | undefined {
  if (el === undefined) return undefined
  const { type, formType } = formPurpose(el)
  if (type !== 'submit' || formType !== publishOptionsForm) {
    throw new StanzaError('bad-request', { text: `The form must be one of ${publishOptionsForm}.` })
  }
  const form = rawElement(el)
  if (form.size > maxBytes) {
    throw new StanzaError('policy-violation', { text: `The form has at most ${maxBytes} bytes.` })
  }
  return textFromWire(form.toWire())
}
