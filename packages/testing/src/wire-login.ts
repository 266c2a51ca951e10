import { type Jid, parseJid } from '@xmppkit/jid'
import { createSaslClient, decodeBase64Strict, encodeBase64 } from '@xmppkit/sasl'
import { NS } from '@xmppkit/stanza'
import { escapeAttribute, type RawElement, textFromWire } from '@xmppkit/xml'
import { TestingError } from './errors.js'
import type { WireClient, WireLogin } from './wire-client.js'

/** The header of a client's stream to a domain. */
export function streamHeader(domain: string): string {
  return (
    `<?xml version='1.0'?><stream:stream to='${escapeAttribute(domain)}' version='1.0' xml:lang='en'` +
    ` xmlns='${NS.client}' xmlns:stream='${NS.streams}'>`
  )
}

/** Authenticates with the best mechanism both sides know. */
export async function authenticate(
  client: Pick<WireClient, 'send' | 'receive'>,
  features: RawElement,
  account: WireLogin,
): Promise<void> {
  const list = features.child('mechanisms', NS.sasl)
  const offered = list ? list.children.map((_, i) => list.childAt(i).text()) : []
  const mechanisms = createSaslClient(account, { allowCleartext: true })
  const chosen = mechanisms.choose(offered)
  const sasl = chosen === undefined ? undefined : mechanisms.begin(chosen)
  if (!sasl) throw new TestingError('testing/login', `no common mechanism; offered: ${offered.join(' ')}`)
  const initial = await sasl.start()
  const text = initial === undefined ? '' : initial.length === 0 ? '=' : encodeBase64(initial)
  client.send(`<auth xmlns='${NS.sasl}' mechanism='${sasl.name}'>${text}</auth>`)
  for (;;) {
    const answer = await client.receive()
    const data = answer.text() === '' ? undefined : decodeBase64Strict(answer.text())
    if (answer.name === 'success') {
      sasl.finish(data)
      return
    }
    if (answer.name !== 'challenge') {
      throw new TestingError('testing/login', `login as ${account.username} failed: ${show(answer)}`)
    }
    const response = await sasl.next(data ?? new Uint8Array())
    client.send(`<response xmlns='${NS.sasl}'>${encodeBase64(response)}</response>`)
  }
}

/** Binds a resource. */
export async function bindResource(
  client: Pick<WireClient, 'send' | 'receive'>,
  resource: string | undefined,
): Promise<Jid> {
  const wish = resource === undefined ? '' : `<resource>${escapeAttribute(resource)}</resource>`
  client.send(`<iq type='set' id='bind'><bind xmlns='${NS.bind}'>${wish}</bind></iq>`)
  const result = await client.receive()
  const bound = result.child('bind', NS.bind)?.child('jid', NS.bind)?.text()
  if (result.attr('type') !== 'result' || !bound) {
    throw new TestingError('testing/login', `no resource was bound: ${show(result)}`)
  }
  return parseJid(bound)
}

/** An element as text. */
export function show(element: RawElement): string {
  return textFromWire(element.toWire())
}
