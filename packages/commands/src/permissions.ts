import type { BareJid } from '@xmppkit/jid'
import { type Caller, type CommandInfo, targetOf } from './command.js'

/** An answer to "may they?", with its reason. */
export interface Authorization {
  /** Whether the call may go on. */
  readonly allowed: boolean
  /** One sentence for the administrator. */
  readonly reason: string
}

/** A call, before it is made. */
export interface AuthorizationRequest {
  /** The command. */
  readonly command: CommandInfo
  /** Its arguments, validated. */
  readonly args: object
  /** Who asks. */
  readonly caller: Caller
}

/** Decides about a call. Pure: asks nobody but its arguments, so it can be asked to explain at any time. */
export type Authorize = (request: AuthorizationRequest) => Authorization

/** Whoever belongs to `who` and comes through `from` may call `what`. */
export interface PermissionGroup {
  /** Name, for explanations. */
  readonly name: string
  /** Front ends; any when absent. */
  readonly from?: readonly string[]
  /**
   * Access rules, any of which must allow the caller; `all` is everybody. A caller that presents scopes needs a `scope`
   * here too, and only belongs to groups that have one.
   */
  readonly who: readonly string[]
  /** Scopes of tokens, any of which the caller's must include. */
  readonly scopes?: readonly string[]
  /** Commands: names, `tag:accounts`, `*`; with a leading `!` what is excepted, wherever it stands. */
  readonly what: readonly string[]
}

/** What {@link createPermissions} asks. */
export interface PermissionsDeps {
  /** Answers an access rule: `access.allows` of `@xmppkit/access`. */
  readonly allows: (
    rule: string,
    subject: {
      readonly jid?: BareJid | undefined
      readonly ip?: string | undefined
      readonly domain?: string | undefined
    },
  ) => boolean
}

/** Options of {@link createPermissions}. */
export interface PermissionsOptions {
  /** Groups in order; the first to which a call belongs allows it, and without one it is denied. @default [] */
  readonly groups?: readonly PermissionGroup[]
  /** Front ends that may call everything. @default ['in-process', 'console'] */
  readonly trustedFrontends?: readonly string[]
  /** Access rule that an account must pass on the domain a command is about. @default 'configure' */
  readonly domainRule?: string
}

/** What {@link createPermissions} uses for options not given. */
export const permissionsDefaults = Object.freeze({
  groups: [] as readonly PermissionGroup[],
  trustedFrontends: ['in-process', 'console'] as readonly string[],
  domainRule: 'configure',
})

const allow = (reason: string): Authorization => ({ allowed: true, reason: `allowed: ${reason}` })
const deny = (reason: string): Authorization => ({ allowed: false, reason: `denied: ${reason}` })

/**
 * Makes an {@link Authorize} from groups of permissions, in the manner of ejabberd's `api_permissions`.
 *
 * @example
 * ```ts
 * const authorize = createPermissions({ allows: access.allows }, {
 *   groups: [{ name: 'support', from: ['http'], who: ['support'], what: ['tag:sessions', '!kick_users'] }],
 * })
 * ```
 */
export function createPermissions(deps: PermissionsDeps, options: PermissionsOptions = {}): Authorize {
  const { groups, trustedFrontends, domainRule } = Object.freeze({ ...permissionsDefaults, ...options })

  /** Why a call does not belong to a group; undefined when it does. */
  function mismatch(
    group: PermissionGroup,
    { command, args, caller }: AuthorizationRequest,
  ): string | undefined {
    if (group.from && !group.from.includes(caller.frontend))
      return `${caller.frontend} is not among its front ends`
    const what = coverage(group.what, command)
    if (what) return what
    const scope = scopeMismatch(group, caller)
    if (scope) return scope
    const { domain } = targetOf(command, args)
    const subject = { jid: caller.account, ip: caller.ip, domain: domain ?? caller.account?.domain }
    if (!group.who.some((rule) => deps.allows(rule, subject)))
      return `none of its rules allows ${nameOf(caller)}`
    return undefined
  }

  return (request) => {
    const { command, args, caller } = request
    if (command.policy === 'open') return allow(`${command.name} is open to everybody`)
    if (trustedFrontends.includes(caller.frontend)) return allow(`${caller.frontend} may do everything`)
    const target = targetOf(command, args)
    const own = caller.account !== undefined && target.account?.equals(caller.account) === true
    if (command.policy === 'user' && own && !caller.scopes) return allow('an account may do this to itself')
    const reasons: string[] = []
    const group = groups.find((candidate) => {
      const reason = mismatch(candidate, request)
      if (reason) reasons.push(`not in group ${JSON.stringify(candidate.name)}: ${reason}`)
      return reason === undefined
    })
    if (!group) return deny(reasons.join('; ') || 'there are no permissions')
    // An administrator of one domain is not one of the others.
    const onDomain = { jid: caller.account, ip: caller.ip, domain: target.domain }
    if (caller.account && target.domain && !deps.allows(domainRule, onDomain)) {
      return deny(
        `access rule ${JSON.stringify(domainRule)} does not allow ${nameOf(caller)} on ${target.domain}`,
      )
    }
    return allow(`by group ${JSON.stringify(group.name)}`)
  }
}

function coverage(what: readonly string[], command: CommandInfo): string | undefined {
  const covers = (term: string) =>
    term === command.name || (term.startsWith('tag:') && command.tags.includes(term.slice('tag:'.length)))
  if (what.some((term) => term.startsWith('!') && covers(term.slice(1)))) return `it excepts ${command.name}`
  if (command.policy === 'restricted') {
    return what.includes(command.name) ? undefined : `${command.name} is restricted and must be named`
  }
  return what.some((term) => term === '*' || covers(term)) ? undefined : `it does not include ${command.name}`
}

function scopeMismatch(group: PermissionGroup, caller: Caller): string | undefined {
  if (!group.scopes) return caller.scopes ? 'it is not for tokens with scopes' : undefined
  const held = caller.scopes ?? []
  return group.scopes.some((scope) => held.includes(scope)) ? undefined : 'the token lacks its scopes'
}

function nameOf(caller: Caller): string {
  return caller.account?.toString() ?? 'somebody unknown'
}

/** Lets the program itself and the console do everything and anybody what is open, and nothing else. */
export const trustedOnly: Authorize = createPermissions({ allows: () => false })
