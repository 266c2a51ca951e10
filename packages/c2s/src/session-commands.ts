import {
  account,
  address,
  boolean,
  CommandError,
  type Commands,
  defineCommand,
  domain,
  integer,
  list,
  nothing,
  optional,
  record,
  text,
  time,
} from '@xmppkit/commands'
import { type FullJid, isFullJid, type Jid } from '@xmppkit/jid'
import { disposable } from '@xmppkit/runtime'
import type { SessionRecord, Sessions } from '@xmppkit/sessions'
import { StreamError } from '@xmppkit/stanza'

/** What {@link registerSessionCommands} needs. */
export interface SessionCommandsDeps {
  /** Where commands are registered. */
  readonly commands: Pick<Commands, 'register'>
  /** What they act on. */
  readonly sessions: Pick<Sessions, 'resources' | 'list' | 'count' | 'kick'>
}

type Lookup = SessionCommandsDeps['sessions']

const tags = ['sessions']
const maxListed = 100_000
const usuallyListed = 10_000
const pageSize = 1_000
const reason = optional(text({ maxLength: 1024, description: 'the user is shown' }))

/**
 * Registers the commands about sessions, under ejabberd's names: `connected_users`, `connected_users_number`,
 * `user_resources`, `user_sessions_info`, `kick_session`, `kick_user`, `get_presence`.
 *
 * @example
 * ```ts
 * scope.use(registerSessionCommands({ commands, sessions }))
 * ```
 */
export function registerSessionCommands({ commands, sessions }: SessionCommandsDeps): Disposable {
  const registered = [
    commands.register(connectedUsers(sessions)),
    commands.register(connectedUsersNumber(sessions)),
    commands.register(userResources(sessions)),
    commands.register(userSessionsInfo(sessions)),
    commands.register(kickSession(sessions)),
    commands.register(kickUser(sessions)),
    commands.register(getPresence(sessions)),
  ]
  return disposable(() => {
    for (const registration of registered) registration[Symbol.dispose]()
  })
}

const connectedUsers = (sessions: Lookup) =>
  defineCommand({
    name: 'connected_users',
    tags,
    description: 'Lists the addresses of connected sessions, oldest first',
    args: {
      host: optional(domain({ description: 'of this domain only' })),
      limit: optional(
        integer({ min: 1, max: maxListed, description: `at most; ${usuallyListed} unless given` }),
      ),
    },
    result: list(address(), { max: maxListed }),
    run({ host, limit = usuallyListed }) {
      const found: Jid[] = []
      let after: number | undefined
      do {
        const page = sessions.list({
          limit: Math.min(pageSize, limit - found.length),
          ...(host === undefined ? {} : { domain: host }),
          ...(after === undefined ? {} : { after }),
        })
        for (const { jid } of page.sessions) found.push(jid)
        after = page.next
      } while (after !== undefined && found.length < limit)
      return found
    },
  })

const connectedUsersNumber = (sessions: Lookup) =>
  defineCommand({
    name: 'connected_users_number',
    tags: [...tags, 'statistics'],
    description: 'Counts connected sessions',
    args: { host: optional(domain({ description: 'of this domain only' })) },
    result: integer(),
    run: ({ host }) => sessions.count(host),
  })

const userResources = (sessions: Lookup) =>
  defineCommand({
    name: 'user_resources',
    tags,
    description: 'Lists the connected resources of an account',
    policy: 'user',
    args: { account: account() },
    result: list(text()),
    run: (args) => sessions.resources(args.account).map(({ jid }) => jid.resource),
  })

const sessionInfo = record({
  resource: text(),
  connection: optional(text({ description: 'tcp, tls or websocket' })),
  secure: optional(boolean()),
  mechanism: optional(text({ description: 'how the client logged in' })),
  ip: optional(text({ description: 'address of the client' })),
  since: time(),
  priority: optional(
    integer({ min: -128, max: 127, description: 'absent while the session is not available' }),
  ),
  show: optional(text()),
  status: optional(text()),
})

const userSessionsInfo = (sessions: Lookup) =>
  defineCommand({
    name: 'user_sessions_info',
    tags,
    description: 'Describes the connected sessions of an account',
    args: { account: account() },
    result: list(sessionInfo),
    run: (args) => sessions.resources(args.account).map(described),
  })

const kickSession = (sessions: Lookup) =>
  defineCommand({
    name: 'kick_session',
    tags,
    description: 'Ends one session of an account',
    args: { address: address({ description: 'with the resource' }), reason },
    result: nothing(),
    async run(args) {
      if (!isFullJid(args.address))
        throw new CommandError('commands/bad-argument', 'address needs a resource')
      await kickOne(sessions, args.address, args.reason)
    },
  })

const kickUser = (sessions: Lookup) =>
  defineCommand({
    name: 'kick_user',
    tags,
    description: 'Ends all sessions of an account and tells how many there were',
    args: { account: account(), reason },
    result: integer(),
    run: (args) => sessions.kick(args.account, kicked(args.reason)),
  })

const getPresence = (sessions: Lookup) =>
  defineCommand({
    name: 'get_presence',
    tags,
    description: 'Tells the presence of the most available resource of an account',
    args: { account: account() },
    result: record({ address: address(), show: text(), status: text() }),
    run(args) {
      const best = mostAvailable(sessions.resources(args.account))
      if (best === undefined) return { address: args.account, show: 'unavailable', status: '' }
      const { show = 'available', status = '' } = presenceOf(best)
      return { address: best.jid, show, status }
    },
  })

async function kickOne(sessions: Lookup, jid: FullJid, why: string | undefined): Promise<void> {
  const count = await sessions.kick(jid, kicked(why))
  if (count === 0) throw new CommandError('commands/not-found', `${jid} is not connected`)
}

function kicked(why = 'kicked by the administrator'): StreamError {
  return new StreamError('policy-violation', { text: why })
}

function described(session: SessionRecord) {
  const { jid, priority, info } = session
  const { transport, secure, mechanism, remoteAddress } = info
  return {
    resource: jid.resource,
    since: info.openedAt,
    ...(transport === undefined ? {} : { connection: transport }),
    ...(secure === undefined ? {} : { secure }),
    ...(mechanism === undefined ? {} : { mechanism }),
    ...(remoteAddress === undefined ? {} : { ip: remoteAddress }),
    ...(priority === undefined ? {} : { priority }),
    ...presenceOf(session),
  }
}

function presenceOf({ presence }: SessionRecord): { show?: string; status?: string } {
  const show = presence?.text('show')
  const status = presence?.text('status')
  return { ...(show === undefined ? {} : { show }), ...(status === undefined ? {} : { status }) }
}

// Of several with one priority the newest, which is the last.
function mostAvailable(sessions: readonly SessionRecord[]): SessionRecord | undefined {
  let best: SessionRecord | undefined
  for (const session of sessions) {
    if (session.priority !== undefined && session.priority >= (best?.priority ?? -128)) best = session
  }
  return best
}
