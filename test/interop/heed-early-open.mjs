import { once } from 'node:events'

/**
 * Makes @xmpp/client 0.14 notice an answer that is there before its own write is reported done: it begins to listen only then,
 * and waits in vain for a header it has read already. On a busy machine that is often.
 *
 * @param {object} client - what `client()` returned
 */
export function heedEarlyOpen(client) {
  const open = client.open.bind(client)
  client.open = (options) => {
    const opened = once(client, 'open')
    const own = open(options)
    own.catch(() => {})
    return Promise.race([opened, own])
  }
}
