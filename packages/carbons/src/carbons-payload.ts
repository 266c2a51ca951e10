import { defineIq, element, NS } from '@xmppkit/stanza'

/** Switches carbons on for the client that asks (XEP-0280 §4). */
export const carbonsEnable = defineIq({ type: 'set', request: element('enable', NS.carbons, {}) })

/** Switches them off (XEP-0280 §5). */
export const carbonsDisable = defineIq({ type: 'set', request: element('disable', NS.carbons, {}) })
