import { AuthError } from '@xmppkit/auth'
import { AccountsService } from '@xmppkit/auth/module'
import {
  type Bot,
  type BotSetup,
  createMessageMiddleware,
  type InProcessOptions,
  inProcessDefaults,
  type MessageReviewer,
  type ReviewerOptions,
  type Sender,
} from '@xmppkit/in-process'
import { InProcessService } from '@xmppkit/in-process/module'
import type { AnyIqDefinition, HandleOptions, IqHandler, IqTarget } from '@xmppkit/iq'
import { IqService } from '@xmppkit/iq/module'
import { type Jid, parseJid } from '@xmppkit/jid'
import { defineModule, type Host, type ModuleUse, use } from '@xmppkit/module'
import { type Clock, disposable, type Logger } from '@xmppkit/runtime'
import { ServerError } from './errors.js'

/** What your own code can do among the users of a server. What is registered outlives restarts of modules. */
export interface ServerApp {
  /**
   * Whoever sends in the name of an account, on the way every client's messages take: moderation, blocking, archive, carbons,
   * push. `send` tells what became of the message.
   *
   * @throws ServerError `server/no-host` if nobody here serves its domain
   */
  as(address: Jid | string): Sender
  /**
   * Shows every message a user of any host sends to a reviewer, which lets it pass, changes it or refuses it. It fails closed.
   * For one host, call `onMessage` of its `InProcessService`.
   */
  onMessage(reviewer: MessageReviewer, options?: ReviewerOptions): Disposable
  /**
   * Opens a session for code of yours: a bot. It ends with the host.
   *
   * @throws ServerError `server/no-host`, InProcessError, SessionError
   */
  bot(address: Jid | string, setup: BotSetup): Promise<Bot>
  /**
   * Tells that you have removed one of your own users (`users`): what is kept for it goes, and its sessions end.
   *
   * @throws ServerError `server/no-host`; AuthError `auth/read-only` where accounts are kept here: `unregister` removes those
   */
  userRemoved(address: Jid | string): Promise<void>
  /**
   * Answers requests with a payload of yours, to the domains or the accounts of every host; what is answered is told in
   * service discovery.
   *
   * @throws IqError `iq/handler-exists`, `iq/invalid-option`
   */
  handleIq<D extends AnyIqDefinition>(
    definition: D,
    target: IqTarget,
    handler: IqHandler<D>,
    options?: HandleOptions,
  ): Disposable
}

/** What {@link createServerApp} needs. */
export interface ServerAppDeps {
  readonly hostOf: (domain: string) => Host | undefined
  readonly clock: Clock
  readonly logger: Logger
}

type Registration = (iq: { readonly handle: ServerIq }) => Disposable
type ServerIq = <D extends AnyIqDefinition>(
  definition: D,
  target: IqTarget,
  handler: IqHandler<D>,
  options?: HandleOptions,
) => Disposable

/** The app's side of a server, before there are hosts, and as they come. */
export interface AppBuilder {
  /** A module for every host: answers requests, again after each restart. */
  readonly module: ModuleUse
  /** The reviewers' place in a host's hooks, made once and independent of its modules: nothing passes while one restarts. */
  review(host: Host, options: InProcessOptions): void
  readonly app: ServerApp
}

/** Makes the app's side of a server. */
export function createServerApp({ hostOf, clock, logger }: ServerAppDeps): AppBuilder {
  const middlewares: Pick<ServerApp, 'onMessage'>[] = []
  const answers = createRegistrations()

  const hostFor = (address: Jid | string): Host => {
    const { domain } = typeof address === 'string' ? parseJid(address) : address
    const host = hostOf(domain)
    if (host === undefined) throw new ServerError('server/no-host', `${domain} is not served here`)
    return host
  }

  return {
    module: answers.module,
    review(host, options) {
      const settings = { ...inProcessDefaults, ...options }
      middlewares.push(createMessageMiddleware({ hooks: host.hooks, clock, logger }, settings))
    },
    app: {
      as(address) {
        const host = hostFor(address)
        const sender = () => host.get(InProcessService).as(address)
        return { account: sender().account, send: async (what) => sender().send(what) }
      },
      onMessage(reviewer, options) {
        const registrations = middlewares.map((one) => one.onMessage(reviewer, options))
        return disposable(() => {
          for (const registration of registrations) registration[Symbol.dispose]()
        })
      },
      bot: async (address, setup) => hostFor(address).get(InProcessService).bot(address, setup),
      async userRemoved(address) {
        const { bare } = typeof address === 'string' ? parseJid(address) : address
        const accounts = hostFor(bare).get(AccountsService)
        if (accounts.removed === undefined) {
          throw new AuthError('auth/read-only', 'accounts that are kept here are removed by unregister')
        }
        await accounts.removed(bare)
      },
      handleIq: (definition, target, handler, options) =>
        answers.add((iq) => iq.handle(definition, target, handler, options)),
    },
  }
}

/** Registrations with the request dispatchers of hosts, made anew whenever one starts. */
function createRegistrations() {
  const wanted = new Set<Registration>()
  const running = new Map<Parameters<Registration>[0], Map<Registration, Disposable>>()

  const withdraw = (registration: Registration) => {
    wanted.delete(registration)
    for (const made of running.values()) {
      made.get(registration)?.[Symbol.dispose]()
      made.delete(registration)
    }
  }

  const module = defineModule({
    name: 'app',
    needs: { iq: IqService },
    start({ iq }, _options, scope) {
      const made = new Map<Registration, Disposable>()
      scope.defer(() => {
        running.delete(iq)
        for (const one of made.values()) one[Symbol.dispose]()
      })
      running.set(iq, made)
      for (const registration of wanted) made.set(registration, registration(iq))
    },
  })

  return {
    module: use(module),
    add(registration: Registration): Disposable {
      wanted.add(registration)
      try {
        for (const [iq, made] of running) made.set(registration, registration(iq))
      } catch (error) {
        withdraw(registration)
        throw error
      }
      return disposable(() => withdraw(registration))
    },
  }
}
