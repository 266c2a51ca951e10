// What each recipient must get of a document, according to saxes and the rules for stamping and addressing alone.
import { parseJid, tryParseJid } from '@xmppkit/jid'
import { createStreamReader, readerLimits, XmlError } from '@xmppkit/xml'
import { isStricter } from '../fuzz/stricter.js'
import { type Attributes, readTrees, type Tree, withAttributes } from '../fuzz/trees.js'
import { domain, header, lang } from './relay.js'

/** A stanza that must arrive, and where. */
export interface Expected {
  /** It as this recipient must see it. */
  treeFor(who: string): Tree
  readonly must: readonly string[]
  /** It has been changed so much that where it goes is not for this test to say. */
  readonly anywhere: boolean
}

/** The outcome of a document. */
export interface Outcome {
  readonly stanzas: readonly Expected[]
  /** The condition the stream ends with; `undefined` for a goodbye, `any` where it is no matter of XML. */
  readonly condition: string | undefined
  /** The server waits for more. */
  readonly unfinished: boolean
  readonly refused: boolean
}

const langName = '{http://www.w3.org/XML/1998/namespace}lang'

/** Everybody who is there while senders come and go. */
export const recipients = [
  `romeo@${domain}/a`,
  `romeo@${domain}/b`,
  `benvolio@${domain}/c`,
  `juliet@${domain}/d`,
]

interface Verdict {
  readonly elements: number
  readonly error: XmlError | undefined
  readonly closed: boolean
  /** Bytes it has looked at: nothing behind the end of the stream. */
  readonly bytes: Buffer
}

/** What our own reader says of a document in one piece. */
function verdict(document: Buffer): Verdict {
  const reader = createStreamReader({ limits: readerLimits.afterAuthentication })
  reader.push(document)
  let elements = 0
  try {
    for (let event = reader.next(); event !== undefined; event = reader.next()) {
      if (event.kind === 'element') elements++
      else if (event.kind === 'close') {
        const bytes = document.subarray(0, document.length - reader.buffered)
        return { elements, error: undefined, closed: true, bytes }
      }
    }
    return { elements, error: undefined, closed: false, bytes: document }
  } catch (error) {
    if (error instanceof XmlError) return { elements, error, closed: false, bytes: document }
    throw error
  }
}

/** What must become of what a sender sends behind its header, by the name of the sender. */
export function outcomeOf(body: Buffer, sender: string): Outcome {
  const mine = verdict(Buffer.concat([Buffer.from(header), body]))
  const yours = readTrees(mine.bytes)
  const onPurpose = mine.error !== undefined && isStricter(mine.error.message)
  if (mine.elements !== yours.trees.length && !(onPurpose && mine.elements < yours.trees.length)) {
    throw new Error(`saxes sees ${yours.trees.length} complete elements, the reader ${mine.elements}`)
  }
  if (mine.error && !yours.refused && !onPurpose) throw new Error(`saxes accepts: ${mine.error.message}`)
  if (mine.closed && yours.refused) throw new Error(`saxes refuses: ${yours.refused.message}`)
  const stanzas: Expected[] = []
  const refused = mine.error !== undefined
  for (let i = 0; i < mine.elements; i++) {
    const one = expected(yours.trees[i]!, yours.attributes[i]!, sender)
    if (one === 'end') return { stanzas, condition: 'any', unfinished: false, refused }
    if (one !== undefined) stanzas.push(one)
  }
  return { stanzas, condition: mine.error?.condition, unfinished: !mine.closed && !refused, refused }
}

/** `end` when the stream ends here for other reasons than XML, undefined when nobody gets it. */
function expected(tree: Tree, attributes: Attributes, sender: string): Expected | 'end' | undefined {
  const name = /^\{jabber:client\}(message|presence|iq)$/.exec(tree[0])?.[1]
  if (name === undefined) return 'end'
  const known = new Map(attributes)
  const from = known.get('from')
  if (from !== undefined) {
    const jid = tryParseJid(from)
    if (jid === undefined) return undefined
    const own = parseJid(sender)
    if (!jid.equals(own) && !jid.equals(own.bare)) return 'end'
  }
  const must = addressees(name, known, tree)
  const kept = attributes.filter(([key]) => key !== 'from')
  const language: Attributes = known.has(langName) ? [] : [[langName, lang]]
  const own = parseJid(sender).bare.toString()
  const treeFor = (who: string) => {
    const to = name === 'presence' ? parseJid(who).bare.toString() : own
    const addressee: Attributes = known.has('to') ? [] : [['to', to]]
    return withAttributes(tree, [...kept, ...language, ...addressee, ['from', sender]])
  }
  return { treeFor, must: must ?? [], anywhere: must === undefined }
}

/** Who gets it without any doubt; undefined when that depends on rules other tests are about. */
function addressees(
  name: string,
  known: ReadonlyMap<string, string>,
  tree: Tree,
): readonly string[] | undefined {
  const [to, type] = [known.get('to'), known.get('type')]
  if (name === 'iq') return undefined
  if (name === 'presence' && type !== undefined) return undefined
  if (name === 'message' && type !== undefined && type !== 'chat' && type !== 'headline') return undefined
  if (to !== undefined && recipients.includes(to)) return [to]
  if (name === 'message') {
    return type === 'headline' && to === `romeo@${domain}` ? recipients.slice(0, 2) : undefined
  }
  const priority = tree.some((node) => typeof node !== 'string' && node[0] === '{jabber:client}priority')
  return to === undefined && !priority ? recipients : undefined
}
