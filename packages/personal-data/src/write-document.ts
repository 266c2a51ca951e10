import type { UserDataName, UserDataPart, UserDataPiece } from '@xmppkit/auth'
import type { BareJid } from '@xmppkit/jid'
import { type Element, escapeAttribute, type RawElement, rawElement, textFromWire } from '@xmppkit/xml'
import type { ExportSink } from './ports.js'

/** Namespace of exports (XEP-0227). */
const pieNs = 'urn:xmpp:pie:0'

/** Begins a document with the accounts of one domain. */
export const documentStart = (domain: string): string =>
  `<?xml version='1.0' encoding='UTF-8'?>\n<server-data xmlns='${pieNs}'>\n<host jid='${escapeAttribute(domain)}'>\n`

/** Ends it. */
export const documentEnd = '</host>\n</server-data>\n'

/** Writes everything of one account; yields after each piece. */
export async function* writeUser(
  sink: ExportSink,
  account: BareJid,
  parts: readonly UserDataPart[],
): AsyncGenerator<void> {
  await sink.write(`<user name='${escapeAttribute(account.local)}'>\n`)
  for (const part of parts) if (part.export) yield* writePart(sink, part.export(account))
  await sink.write('</user>\n')
}

async function* writePart(sink: ExportSink, pieces: AsyncIterable<UserDataPiece>): AsyncGenerator<void> {
  let open: UserDataName | undefined
  const goTo = async (next: UserDataName | undefined) => {
    if (open?.name === next?.name && open?.ns === next?.ns) return
    if (open) await sink.write(`</${open.name}>\n`)
    if (next) await sink.write(`<${next.name} xmlns='${escapeAttribute(next.ns)}'>\n`)
    open = next
  }
  for await (const { element, within } of pieces) {
    await goTo(within)
    await sink.write(`${textOf(element)}\n`)
    yield
  }
  await goTo(undefined)
}

function textOf(element: Element | RawElement): string {
  const raw = 'toWire' in element ? element : rawElement(element)
  return textFromWire(raw.toWire())
}
