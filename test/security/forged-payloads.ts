import { NS } from '@xmppkit/stanza'
import type { WireClient } from '@xmppkit/testing'
import { textFromWire } from '@xmppkit/xml'

/** Everything that has come so far, once the server has handled what was sent. */
export async function heard(client: WireClient): Promise<string[]> {
  client.send(`<iq type='get' id='heard' to='${client.jid.domain}'><ping xmlns='${NS.ping}'/></iq>`)
  const texts: string[] = []
  for (;;) {
    const el = await client.receive()
    if (el.attr('id') === 'heard') return texts
    texts.push(textFromWire(el.toWire()))
  }
}

/** Everything that comes until there is enough of it: requests are answered when their answers are there. */
export async function heardUntil(
  client: WireClient,
  enough: (text: string, texts: readonly string[]) => boolean,
): Promise<string[]> {
  const texts: string[] = []
  for (;;) {
    const text = textFromWire((await client.receive()).toWire())
    texts.push(text)
    if (enough(text, texts)) return texts
  }
}

/** Somebody's words in an envelope. */
export function forwarded(from: string, to: string, text: string): string {
  return `<forwarded xmlns='${NS.forward}'><delay xmlns='${NS.delay}' stamp='2020-01-01T00:00:00Z'/><message xmlns='${NS.client}' from='${from}' to='${to}' type='chat'><body>${text}</body></message></forwarded>`
}
