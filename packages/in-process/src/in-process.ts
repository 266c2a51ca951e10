import { checkRegisterUser } from '@xmppkit/auth'
import { type Hooks, stop } from '@xmppkit/hooks'
import { type BareJid, isBareJid, type Jid, parseJid } from '@xmppkit/jid'
import { createScope } from '@xmppkit/runtime'
import type { Sessions } from '@xmppkit/sessions'
import { type Bot, type BotDeps, type BotSetup, createBot } from './bot.js'
import { InProcessError } from './errors.js'
import { type InProcessOptions, inProcessDefaults } from './in-process-options.js'
import { createMessageMiddleware, type MessageMiddleware } from './message-middleware.js'
import { createOutcomes } from './outcomes.js'
import { createSenders, type Senders, type SendersDeps } from './sender.js'

/** Collaborators of {@link createInProcess}. */
export interface InProcessDeps extends Omit<BotDeps, 'outcomes'>, Omit<SendersDeps, 'outcomes' | 'logger'> {
  /** The host's hooks. */
  readonly hooks: Hooks
  /** Knows the sessions of the host. */
  readonly sessions: Pick<
    Sessions,
    'resourceFor' | 'open' | 'close' | 'setPresence' | 'reroute' | 'holdBack' | 'resources'
  >
}

/** Code of this process among the users of a host. */
export interface InProcess extends Pick<MessageMiddleware, 'onMessage'>, AsyncDisposable {
  /**
   * Whoever sends in the name of an account of the host. With a bare address what is sent comes from the account itself, and
   * answers go to whichever clients it has; with a full one, as if from that client.
   */
  readonly as: Senders
  /**
   * Opens a session for code of yours. Without a resource it gets one of its own. It needs no account; with one, what comes while
   * it is away waits for it. While it is there, nobody can register its name.
   *
   * @throws InProcessError `in-process/limit`, `in-process/closed`, `in-process/unknown-account` for a domain that is not of the
   * host; SessionError as `Sessions.open`; StanzaError if its presence is refused; JidError
   */
  bot(address: Jid | string, setup: BotSetup): Promise<Bot>
  /** Ends: bots leave, and nothing is reviewed any more. */
  close(): Promise<void>
}

/**
 * Makes your own code a first-class user of a host: messages in anybody's name, a look at every message, bots. Nothing of it
 * has a way of its own: what is sent passes the hooks a client's stanzas pass, in their order (M-4).
 *
 * @example
 * ```ts
 * const inProcess = createInProcess({ hooks, sessions, accounts, domains, route: router.route, ids, clock, logger })
 * inProcess.onMessage((message) => (message.body?.includes('casino') ? message.reject('No gambling here.') : undefined))
 * await inProcess.as('shop@example.org').send({ to: 'juliet@example.org', body: 'Your order has shipped.' })
 * ```
 */
export function createInProcess(deps: InProcessDeps, options: InProcessOptions = {}): InProcess {
  const settings = Object.freeze({ ...inProcessDefaults, ...options })
  const scope = createScope()
  // Also those that are being opened.
  const bots = new Map<Promise<Bot>, BareJid>()
  const outcomes = scope.use(createOutcomes(deps))
  const middleware = scope.use(createMessageMiddleware(deps, settings))

  scope.use(
    deps.hooks.on(
      checkRegisterUser,
      (allowed, { account, remoteAddress }) => {
        const isTaken =
          remoteAddress !== undefined && [...bots.values()].some((taken) => taken.equals(account))
        return isTaken ? stop(false) : allowed
      },
      { label: 'in-process' },
    ),
  )
  scope.defer(async () => {
    const close = (bot: Bot) => bot.close()
    await Promise.all([...bots.keys()].map((opening) => opening.then(close, () => {})))
  })

  return {
    as: createSenders({ ...deps, outcomes }, settings),
    onMessage: middleware.onMessage,
    async bot(address, setup) {
      const jid = typeof address === 'string' ? parseJid(address) : address
      if (jid.local === '' || !deps.domains.has(jid.domain)) {
        throw new InProcessError('in-process/unknown-account', `${jid} is no address of an account here`)
      }
      if (scope.signal.aborted) throw new InProcessError('in-process/closed', 'the server has stopped')
      if (bots.size >= settings.maxBots) {
        throw new InProcessError('in-process/limit', `there are ${bots.size} bots already`)
      }
      const full = deps.sessions.resourceFor(jid.bare, isBareJid(jid) ? '' : jid.resource)
      const opening = createBot({ ...deps, outcomes }, full, setup, settings)
      bots.set(opening, full.bare)
      const forget = () => void bots.delete(opening)
      opening.then(({ ended }) => ended.then(forget), forget)
      return opening
    },
    close: () => scope.close(),
    [Symbol.asyncDispose]: () => scope.close(),
  }
}
