import type { Awaitable } from '@xmppkit/runtime'
import { TestingError } from './errors.js'
import { matchXml } from './match-xml.js'
import type { WireClient } from './wire-client.js'

/** Who plays a script. */
export interface WireScriptPlayers {
  /** Connects and logs in the person of that name; called for each `connects`. */
  connect(name: string): Awaitable<WireClient>
  /** Connects without logging in; called for each `dials`. */
  dial?(name: string): Awaitable<WireClient>
  /** Logs in the person who has dialled; called for each `logs in`. */
  login?(name: string, client: WireClient): Awaitable<unknown>
}

interface Step {
  readonly line: number
  readonly who: string
  readonly verb: string
  xml: string
}

const verbs = [
  'connects',
  'dials',
  'logs in',
  'sends',
  'receives',
  'finds',
  'receives nothing',
  'receives the end',
  'waits',
  'forgets',
  'disconnects',
  'cuts',
] as const

/**
 * Plays a conversation written as people would tell it, one step after another:
 *
 * ```text
 * juliet connects
 * juliet sends: <presence/>
 * juliet receives: <presence from='{jid:juliet}'/>
 * romeo connects
 * romeo sends:
 *   <message to='{bare:juliet}' type='chat'>
 *     <body>hi</body>
 *   </message>
 * juliet finds: <message from='{jid:romeo}'><body>hi</body></message>
 * juliet receives nothing
 * romeo disconnects
 * ```
 *
 * `receives` is about the very next element, `finds` skips those that do not match, `receives the end` is
 * about the end of the stream, `waits` until the server has handled what was sent, `forgets` does too and drops what came so
 * far, `cuts` drops the connection without a word. `romeo, juliet receives: …` is one after the other. `dials` and `logs in` are the two halves of `connects`.
 *
 * `{jid:name}` and `{bare:name}` stand for addresses, `{any}` for anything, `{none}` for no attribute; an
 * attribute expected as `{set:name}` is there later as `{get:name}`. Patterns are those of `matchXml`.
 * Lines that begin with `#` are comments. White space between elements is not sent.
 *
 * @throws TestingError `testing/script` for a line that is not understood, otherwise what the failing step
 * threw, with its line number.
 */
export async function playWireScript(script: string, players: WireScriptPlayers): Promise<void> {
  const clients = new Map<string, WireClient>()
  const captured = new Map<string, string>()
  const clientOf = ({ who, line }: Step): WireClient => {
    const client = clients.get(who)
    if (!client) throw new TestingError('testing/script', `line ${line}: ${who} is not connected`)
    return client
  }
  const fill = (xml: string) =>
    xml.replace(/\{(jid|bare|get):([\w-]+)\}/g, (_, form: string, name: string) => {
      if (form === 'get') return captured.get(name) ?? ''
      const jid = clients.get(name)?.jid
      return String(form === 'jid' ? jid : jid?.bare)
    })

  try {
    for (const step of parseScript(script)) {
      try {
        const start =
          step.verb === 'connects' ? players.connect : step.verb === 'dials' ? players.dial : undefined
        if (start) clients.set(step.who, await start.call(players, step.who))
        else if (step.verb === 'logs in') await players.login?.(step.who, clientOf(step))
        else await play(step, clientOf(step), fill(step.xml), captured)
      } catch (cause) {
        throw atLine(step, cause)
      }
    }
  } finally {
    for (const client of clients.values()) client.cut()
  }
}

async function play(
  { verb }: Step,
  client: WireClient,
  xml: string,
  captured: Map<string, string>,
): Promise<void> {
  if (verb === 'sends') client.send(xml)
  else if (verb === 'receives') matchXml(await client.expect(xml), xml, captured)
  else if (verb === 'finds') matchXml(await client.find(xml), xml, captured)
  else if (verb === 'receives nothing') await client.expectNothing()
  else if (verb === 'receives the end') await client.expectEnd()
  else if (verb === 'waits') await client.settle()
  else if (verb === 'forgets') await client.forget()
  else if (verb === 'disconnects') await client.close()
  else client.cut()
}

function parseScript(script: string): Step[] {
  const steps: Step[] = []
  let latest: Step[] = []
  for (const [index, raw] of script.split('\n').entries()) {
    const text = raw.trim()
    if (text === '' || text.startsWith('#')) continue
    const head =
      /^([\w-]+(?:, [\w-]+)*) (receives nothing|receives the end|logs in|[a-z]+)(?::\s*(.*))?$/.exec(text)
    const verb = verbs.find((known) => known === head?.[2])
    if (head && verb) {
      latest = head[1]!.split(', ').map((who) => ({ line: index + 1, who, verb, xml: head[3] ?? '' }))
      steps.push(...latest)
    } else if (latest.length > 0 && text.startsWith('<')) for (const step of latest) step.xml += text
    else throw new TestingError('testing/script', `line ${index + 1} is not understood: ${text}`)
  }
  return steps
}

function atLine({ line, who, verb }: Step, cause: unknown): TestingError {
  const message = cause instanceof Error ? cause.message : String(cause)
  const code = cause instanceof TestingError ? cause.code : 'testing/mismatch'
  return new TestingError(code, `line ${line}, ${who} ${verb}: ${message}`, { cause })
}
