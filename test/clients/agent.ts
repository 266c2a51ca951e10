import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Heard, LoginOptions, Peer, SeenPresence } from './peer.js'

interface Event {
  readonly event: string
  readonly condition?: string
}

/** A process that carries out commands and tells what happens, both as lines of JSON (see agents/commands.mjs). */
function startAgent(command: string, args: readonly string[]) {
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    // These clients know no authorities of their own; slixmpp checks the certificate.
    env: { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_NO_WARNINGS: '1' },
  })
  const answers = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>()
  const events: Event[] = []
  const wakes = new Set<() => void>()
  let complaints = ''
  let next = 0
  child.stderr.on('data', (chunk) => {
    complaints += String(chunk)
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = JSON.parse(line)
    if (said.event) events.push(said)
    else if (said.error === undefined) answers.get(said.id)?.resolve(said.result as never)
    else answers.get(said.id)?.reject(new Error(said.error))
    for (const wake of wakes) wake()
  })
  child.once('exit', () => {
    for (const { reject } of answers.values()) reject(new Error(`the client has ended:\n${complaints}`))
  })
  return {
    child,
    events,
    ask: <T>(name: string, parameters: object = {}) =>
      new Promise<T>((resolve, reject) => {
        const id = next++
        answers.set(id, { resolve: resolve as never, reject })
        child.stdin.write(`${JSON.stringify({ id, command: name, args: parameters })}\n`)
      }),
    /** Waits for an event nobody has waited for before. */
    async event<T extends Event>(wanted: (event: T) => boolean): Promise<T> {
      for (;;) {
        const at = events.findIndex((event) => wanted(event as T))
        if (at >= 0) return events.splice(at, 1)[0] as T
        await new Promise<void>((resolve) => {
          const wake = () => {
            wakes.delete(wake)
            resolve()
          }
          wakes.add(wake)
        })
      }
    },
  }
}

/** Ends a client by closing its input. */
async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.stdin?.end()
  await ended
}

/** A client library behind a small program that speaks lines of JSON. */
export function startLibrary(command: string, args: readonly string[]): Peer {
  const agent = startAgent(command, args)
  const { ask } = agent
  const heard: Heard[] = []
  const isMessage = (event: Event): event is Event & Heard => event.event === 'message'
  return {
    login: (options: LoginOptions) => ask('login', options),
    logout: () => ask('logout'),
    send: (to, body) => ask('send', { to, body }),
    async heard(body) {
      const message = await agent.event<Event & Heard>((event) => isMessage(event) && event.body === body)
      heard.push(message)
      return message
    },
    everything: () => [...heard, ...agent.events.filter(isMessage)],
    settle: () => ask('ping'),
    async resumed() {
      await agent.event((event) => event.event === 'resumed')
    },
    carbons: () => ask('carbons'),
    archive: (direction, max) => ask('archive', { direction, max }),
    block: (jid) => ask('block', { jid }),
    unblock: (jid) => ask('unblock', { jid }),
    blocked: () => ask('blocked'),
    async refused() {
      return (await agent.event((event) => event.event === 'refused')).condition!
    },
    publishVCard: (name, type, photo) => ask('publishVCard', { name, type, photo }),
    vCard: (of) => ask('vCard', { of }),
    async photoOf(jid) {
      const seen = await agent.event<Event & SeenPresence>(
        (event) => event.event === 'presence' && event.from === jid && Boolean(event.photo),
      )
      return seen.photo!
    },
    [Symbol.asyncDispose]: () => endOf(agent.child),
  }
}
