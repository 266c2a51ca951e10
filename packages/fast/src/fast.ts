import { randomBytes } from 'node:crypto'
import {
  createRevocations,
  type FeatureList,
  type InlineFeature,
  inlineSeq,
  passwordChanged,
  removeUser,
} from '@xmppkit/auth'
import type { Hooks } from '@xmppkit/hooks'
import type { BareJid } from '@xmppkit/jid'
import { type Clock, createScope, type Ids, type Logger, startSweep } from '@xmppkit/runtime'
import { type FastOptions, fastDefaults } from './fast-options.js'
import { readFastRequest } from './fast-request.js'
import { mechanismsElement, offeredMechanisms } from './offer.js'
import type { FastTokenStore } from './ports.js'
import { createTokenCheck } from './token-check.js'
import { createTokenIssue } from './token-issue.js'

/** What {@link createFast} needs. */
export interface FastDeps {
  /** Where tokens are kept. */
  readonly store: FastTokenStore
  /** Where the feature is added, such as `c2s.inline`. */
  readonly inline: FeatureList<InlineFeature>
  /** Tells of new passwords and removed accounts, which end tokens. */
  readonly hooks: Pick<Hooks, 'on'>
  /** For lifetimes. */
  readonly clock: Clock
  /** Makes what tokens are derived from; nobody may guess it. */
  readonly ids: Ids
  /** Told what goes wrong while nobody asks. */
  readonly logger: Pick<Logger, 'error'>
  /**
   * Key tokens are derived with. Keep it outside the store, so that the store alone lets nobody in, and give it to every
   * process that shares the store. Without it tokens end with the process.
   * @default 32 random bytes
   */
  readonly secret?: Uint8Array
}

/** Logins with tokens. */
export interface Fast extends AsyncDisposable {
  /**
   * Takes the tokens of a client, or of all clients of an account. Logins of the account with tokens that are under way end.
   *
   * @returns how many clients lost theirs
   */
  revoke(account: BareJid, client?: string): Promise<number>
  /** Ends: no token is given out or taken any more. */
  close(): Promise<void>
}

const label = 'fast'
/** While an account is removed, its sessions end before all is done, and nobody is to come back. */
const first = 10

/**
 * Gives clients tokens to log in with instead of their passwords (XEP-0484): bound to the account, to the installation of
 * the client, to a mechanism and, with most mechanisms, to the connection; replaced as they are used, and ended by a new
 * password.
 *
 * @example
 * ```ts
 * await using fast = createFast({ store, inline: c2s.inline, hooks, clock: systemClock, ids: randomIds, logger, secret })
 * await fast.revoke(account, lostPhone)
 * ```
 */
export function createFast(deps: FastDeps, options: FastOptions = {}): Fast {
  const { store, hooks, clock, inline, logger } = deps
  const settings = Object.freeze({ ...fastDefaults, ...options })
  const shared = { ...deps, secret: deps.secret ?? randomBytes(32), settings }
  const revocations = createRevocations()
  const check = createTokenCheck(shared)
  const issue = createTokenIssue({ ...shared, revocations })
  const scope = createScope()

  const revoke = async (account: BareJid, client?: string): Promise<number> => {
    revocations.note(account)
    return store.revoke(account, client)
  }

  scope.use(
    inline.add({
      name: 'fast',
      seq: inlineSeq.token,
      advertise: (state) => mechanismsElement(offeredMechanisms(settings.mechanisms, state)),
      wants(request) {
        const wanted = readFastRequest(request.element)
        if (wanted !== undefined) issue.begins(request)
        return wanted !== undefined
      },
      mechanism: (request, tries) => check.mechanism(request, tries),
      negotiate: (context) => issue.answer(context, check.used(context)),
    }),
  )
  scope.use(hooks.on(passwordChanged, async ({ account }) => void (await revoke(account)), { label }))
  scope.use(hooks.on(removeUser, async ({ account }) => void (await revoke(account)), { label, seq: first }))
  scope.use(
    startSweep(
      {
        clock,
        logger,
        failed: 'tokens that have ended could not be removed',
        everyMs: settings.sweepIntervalMs,
      },
      (removeAll) => removeAll((limit) => store.removeExpired(clock.now(), limit)),
    ),
  )

  const close = () => scope.close()
  return { revoke, close, [Symbol.asyncDispose]: close }
}
