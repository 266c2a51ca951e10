import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NS } from '@xmppkit/stanza'
import { parseElement, type RawElement } from '@xmppkit/xml'
import { followLog } from './follow-log.js'
import type { Heard, LoginOptions, Peer } from './peer.js'
import { openTerminal, type Terminal } from './terminal.js'

/** Settings as `/save` writes them: nothing on the screen but what is said, no questions, no look for newer versions. */
const settings = `[ui]
vercheck=false
splash=false
wintitle.show=false
inpblock=10
inpblock.dynamic=false
time.console=off
time.chat=off
occupants=false
roster=false
[connection]
mam=true
carbons=true
reconnect=1
receipts.send=false
autoping=0
[chatstates]
enabled=false
[notifications]
message=false
`

/** The message inside a wrapper of carbons, and how it came. */
function heardFrom(message: RawElement): Heard | undefined {
  for (const way of ['sent', 'received'] as const) {
    const copy = message.child(way, NS.carbons)?.child('forwarded', NS.forward)?.child('message', NS.client)
    if (copy) return { way, from: copy.attr('from')!, body: copy.childText('body', NS.client) ?? '' }
  }
  const body = message.childText('body', NS.client)
  if (body === undefined || message.attr('type') === 'error') return undefined
  return { way: 'direct', from: message.attr('from')!, body }
}

const cannot = () => Promise.reject(new Error('profanity 0.13 cannot do this'))

/**
 * profanity at a terminal: commands are typed, and what is heard has to be on the screen. What it says there of protocol is
 * little, so the rest is read from its log.
 */
export async function startProfanity(): Promise<Peer> {
  const home = await mkdtemp(join(tmpdir(), 'xmppkit-profanity-'))
  const config = join(home, 'config')
  await mkdir(join(config, 'profanity'), { recursive: true })
  await writeFile(join(config, 'profanity', 'profrc'), settings)
  await writeFile(join(home, 'profanity.log'), '')
  const log = followLog(join(home, 'profanity.log'))
  const terminal = await openTerminal('profanity -l DEBUG -f profanity.log', home, {
    HOME: home,
    XDG_CONFIG_HOME: config,
    XDG_DATA_HOME: join(home, 'data'),
  })
  await terminal.shows(/\[offline\]/)
  return {
    ...speaking(terminal, log),
    ...sessions(terminal, log),
    ...managing(terminal, log),
    async [Symbol.asyncDispose]() {
      await terminal[Symbol.asyncDispose]()
      log.close()
      await rm(home, { recursive: true })
    },
  }
}

type Log = ReturnType<typeof followLog>

/** Types a command that makes a request, and waits for the answer. */
async function ask(terminal: Terminal, log: Log, command: string, payload: string): Promise<void> {
  log.skip()
  await terminal.type(command)
  const [, id] = await log.line(new RegExp(`SENT: <iq id="([^"]+)"[^>]*>.*${payload}`))
  await log.line(new RegExp(`RECV: <iq [^>]*id="${id}"`))
}

/** Waits until what it asks at its start is answered, also of a session that goes on: only then can it ping. */
const knowsServer = (log: Log) => log.line(/RECV: <iq id="discoitemsreq_onconnect"/)

function sessions(terminal: Terminal, log: Log) {
  return {
    async login({ user, password, resource, port, way }: LoginOptions) {
      const jid = `${user}@chat.test/${resource}`
      const policy = way === 'direct' ? 'legacy' : 'trust'
      await terminal.type(`/connect ${jid} server 127.0.0.1 port ${port} tls ${policy}`)
      await terminal.shows(/Enter password/)
      await terminal.type(password)
      const shown = await terminal.shows(/logged in successfully|\/tls allow/)
      if (!shown.includes('logged in')) await terminal.type('/tls allow')
      await terminal.shows(/logged in successfully/)
      const [, mechanism] = await log.line(/SENT: <auth mechanism="([^"]+)"/)
      await knowsServer(log)
      return { jid, used: [mechanism!], token: null }
    },
    async logout() {
      await terminal.type('/disconnect')
      await terminal.shows(/logged out successfully/)
      await terminal.type('/clear')
    },
    async resumed() {
      await log.line(/RECV: <resumed /)
      await knowsServer(log)
    },
    settle: () => ask(terminal, log, '/ping', 'urn:xmpp:ping'),
  }
}

function speaking(terminal: Terminal, log: Log) {
  const everything = () =>
    log
      .all(/RECV: <message (.*)/)
      // It leaves out the namespace of the stream.
      .flatMap(([, rest]) => heardFrom(parseElement(`<message xmlns='${NS.client}' ${rest}`)) ?? [])
  return {
    everything,
    async send(to: string, body: string) {
      await terminal.type(`/msg ${to.split('/')[0]} ${body}`)
    },
    async heard(body: string) {
      for (;;) {
        const found = everything().find((message) => message.body === body)
        if (found) {
          await terminal.type(
            `/msg ${found.way === 'sent' ? 'companion@chat.test' : found.from.split('/')[0]}`,
          )
          await terminal.shows(new RegExp(body.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
          return found
        }
        await log.change()
      }
    },
  }
}

function managing(terminal: Terminal, log: Log) {
  return {
    carbons: () => ask(terminal, log, '/carbons on', NS.carbons),
    block: (jid: string) => ask(terminal, log, `/blocked add ${jid}`, NS.blocking),
    unblock: (jid: string) => ask(terminal, log, `/blocked remove ${jid}`, NS.blocking),
    async blocked() {
      await terminal.type('/win 1')
      await terminal.type('/clear')
      await terminal.shows(/^((?!Unknown command).)*$/s)
      await terminal.type('/blocked')
      // The answer to a command there is none of comes after the whole list.
      await terminal.type('/over')
      const shown = await terminal.shows(/Unknown command: \/over/)
      return [...shown.matchAll(/^\W*(\S+@\S+)\s*$/gm)].map(([, jid]) => jid!)
    },
    /** What a conversation shows when it is opened: it reads one page. */
    async archive() {
      await terminal.type('/msg writer@chat.test')
      const shown = await terminal.shows(/: message 49/)
      return [[...shown.matchAll(/: (message \d+)/g)].map(([, body]) => body!)]
    },
    refused: cannot,
    publishVCard: cannot,
    vCard: cannot,
    photoOf: cannot,
  }
}
