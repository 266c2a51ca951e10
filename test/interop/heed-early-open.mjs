import { once } from 'node:events'

/**
 * Gives @xmpp/client more than its two seconds for each step, which a busy machine may need. Makes version 0.14 notice, too, an
 * answer that is there before its own write is reported done: it begins to listen only then, and waits in vain for a header it
 * has read already.
 *
 * @param {object} client - what `client()` returned
 */
export function heedEarlyOpen(client) {
  client.timeout = 60_000
  const open = client.open.bind(client)
  client.open = (options) => {
    const opened = once(client, 'open')
    const own = open(options)
    own.catch(() => {})
    return Promise.race([opened, own])
  }
}
