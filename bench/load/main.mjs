// @ts-check
// The load generator: a process of its own. It is sent one job over IPC, answers with one result, and ends.
import { chat } from './chat.mjs'
import { chatWithContacts } from './contacts.mjs'
import { flood } from './flood.mjs'
import { idle, rounds } from './idle.mjs'
import { iq } from './iq.mjs'
import { registerAll } from './login.mjs'
import { logins } from './logins.mjs'
import { offline } from './offline.mjs'
import { presence } from './presence.mjs'
import { stalled } from './stalled.mjs'

/** @type {Record<string, (target: import('./login.mjs').Target, options: any) => Promise<object>>} */
const loads = {
  register: registerAll,
  chat,
  iq,
  logins,
  idle,
  rounds,
  offline,
  presence,
  chatWithContacts,
  flood,
  stalled,
}

/** @param {object} answer */
function finish(answer) {
  process.send?.(answer, () => process.exit())
}

/** @param {unknown} error */
function fail(error) {
  finish({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
}
process.once('uncaughtException', fail)
process.once('unhandledRejection', fail)
// Whoever started it is gone.
process.once('disconnect', () => process.exit(1))

process.once('message', (message) => {
  const { load, target, options } =
    /** @type {{ load: string, target: import('./login.mjs').Target, options: object }} */ (message)
  const run = loads[load]
  if (!run) fail(new Error(`no load ${load}`))
  else run(target, options).then((result) => finish({ result }), fail)
})
