import type { UserDataPart, UserDataPiece } from '@xmppkit/auth'
import { dateTime } from '@xmppkit/stanza'
import { Element, parseElement, type RawElement, textFromWire } from '@xmppkit/xml'
import type { PushRegistration, PushStore } from './ports.js'

const pushNs = 'urn:xmpp:push:0'
const exportNs = 'urn:xmppkit:export:0'

/** Push registrations as a part of what is kept for accounts: `<enable/>` of XEP-0357, and besides it what the server added. */
export function pushData(store: PushStore): UserDataPart {
  return {
    name: 'push',
    async *export(account): AsyncIterable<UserDataPiece> {
      for (const registration of await store.list(account))
        yield { element: registrationElement(registration) }
    },
    reads: [{ name: 'push-registration', ns: exportNs }],
    async import(account, element) {
      await store.enable(account, registrationIn(element), Number.POSITIVE_INFINITY)
    },
    remove: (account) => store.removeAll(account),
    accounts: (domain, page) => store.accounts(domain, page),
    removeDomain: (domain, limit) => store.removeOlder(domain, Number.POSITIVE_INFINITY, limit),
  }
}

function registrationElement({ service, node, client, options, enabledAt }: PushRegistration): Element {
  const at = dateTime.print(new Date(enabledAt))
  const element = new Element('push-registration', { xmlns: exportNs, client, at })
  const enable = new Element('enable', { xmlns: pushNs, jid: service, ...(node !== '' && { node }) })
  if (options !== undefined) enable.cnode(parseElement(options).toElement())
  return element.cnode(enable).up()
}

function registrationIn(element: RawElement): PushRegistration {
  const enable = element.child('enable', pushNs)
  const service = enable?.attr('jid')
  if (enable === undefined || service === undefined)
    throw new TypeError('a push registration needs a service')
  const options = enable.childCount === 0 ? undefined : textFromWire(enable.childAt(0).toWire())
  return {
    service,
    node: enable.attr('node') ?? '',
    client: element.attr('client') ?? '',
    ...(options !== undefined && { options }),
    enabledAt: dateTime.parse(element.attr('at') ?? '').getTime(),
  }
}
