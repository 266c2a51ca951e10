import { type EventEmitter, once } from 'node:events'

/**
 * Makes @xmpp/client 0.14 notice an answer that is there before its own write is reported done: it begins to listen only then,
 * and waits in vain for a header it has read already. On a busy machine that is often.
 */
export function heedEarlyOpen(client: object): void {
  const xmpp = client as EventEmitter & { open(options: object): Promise<unknown> }
  const open = xmpp.open.bind(xmpp)
  xmpp.open = (options) => {
    const opened = once(xmpp, 'open')
    const own = open(options)
    own.catch(() => {})
    return Promise.race([opened, own])
  }
}
