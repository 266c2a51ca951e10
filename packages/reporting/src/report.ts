import type { BareJid, Jid } from '@xmppkit/jid'
import {
  attr,
  body,
  boundedString,
  children,
  element,
  flag,
  type Infer,
  jid,
  NS,
  optionalAttr,
  string,
} from '@xmppkit/stanza'

/** Namespace of reports (XEP-0377). */
export const reportingNs = 'urn:xmpp:reporting:1'

const text = element('text', reportingNs, { lang: optionalAttr('xml:lang', string), text: body(string) })
const stanzaId = element('stanza-id', NS.stanzaIds, { by: attr('by', jid), id: attr('id', string) })

/** The `<report/>` of XEP-0377 §4 to §6. */
export const reportPayload = element('report', reportingNs, {
  reason: attr('reason', boundedString({ min: 1, max: 255 })),
  texts: children(text, { max: 20 }),
  stanzaIds: children(stanzaId, { max: 1000 }),
  reportOrigin: flag('report-origin', reportingNs),
  thirdParty: flag('third-party', reportingNs),
})

/** What a user says about whom they have blocked. All of it comes from the user's client. */
export interface AbuseReport {
  /** Who reports. */
  readonly account: BareJid
  /** Who is reported: an account, a domain, or a resource of either. */
  readonly reported: Jid
  /** Why: `urn:xmpp:reporting:spam`, `urn:xmpp:reporting:abuse`, or what others define. */
  readonly reason: string
  /** In the user's words, perhaps in several languages; cut where they are too long. */
  readonly texts: readonly { readonly lang?: string; readonly text: string }[]
  /** Messages it is about, by their ids in archives (XEP-0359). */
  readonly stanzaIds: readonly { readonly by: Jid; readonly id: string }[]
  /** Whether the user agrees that the domain of who is reported is told (§5). Without it, it must not be. */
  readonly mayTellOrigin: boolean
  /** Whether the user agrees that others are told (§5). Without it, they must not be. */
  readonly mayTellThirdParties: boolean
}

/** A report as its listeners get it. */
export function abuseReport(
  account: BareJid,
  reported: Jid,
  payload: Infer<typeof reportPayload>,
  limits: { readonly maxTextLength: number },
): AbuseReport {
  const { reason, texts, stanzaIds, reportOrigin, thirdParty } = payload
  return Object.freeze({
    account,
    reported,
    reason,
    texts: texts.map((one) => ({ ...one, text: one.text.slice(0, limits.maxTextLength) })),
    stanzaIds,
    mayTellOrigin: reportOrigin === true,
    mayTellThirdParties: thirdParty === true,
  })
}
