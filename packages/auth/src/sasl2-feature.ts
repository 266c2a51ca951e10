import type { BareJid } from '@xmppkit/jid'
import type { Logger } from '@xmppkit/runtime'
import { failure, type SaslFailed, type SaslSuccess } from '@xmppkit/sasl'
import { NS, SaslFailure, StreamError, saslFailureElement } from '@xmppkit/stanza'
import type { FeatureIo, StreamChange, StreamFeature, StreamState } from '@xmppkit/stream'
import { Element, type RawElement } from '@xmppkit/xml'
import { sasl2Advertisement } from './advertisement.js'
import type { FeatureRegistry, InlineContext, InlineFeature, LoginRequest } from './inline-features.js'
import { type InlineOutcome, takeSteps } from './inline-steps.js'
import { accountOf, accountToTry } from './login-credentials.js'
import { doTasks, type LoginTask, type TasksOutcome } from './login-tasks.js'
import type { Logins, OwnMechanism } from './logins.js'
import type { ExchangeResult } from './sasl-exchange.js'
import { addData, runExchange2 } from './sasl2-exchange.js'
import { readUserAgent } from './user-agent.js'

/** What {@link sasl2Feature} needs. */
export interface Sasl2FeatureDeps {
  /** Shared with {@link saslFeature}, so that failures count together. */
  readonly logins: Logins
  /** What clients may ask for together with a login. */
  readonly inline: Pick<FeatureRegistry<InlineFeature>, 'all'>
  /** What they may have to do before it succeeds. @default nothing */
  readonly tasks?: Pick<FeatureRegistry<LoginTask>, 'all'>
  /** Gets what goes wrong inside. */
  readonly logger: Pick<Logger, 'error'>
}

/**
 * Makes SASL2 a feature of streams (XEP-0388): a login without a restart, and with it whatever else the client wants
 * settled at once. Offered on streams nobody else can read.
 *
 * @example
 * ```ts
 * const inline = createFeatureRegistry<InlineFeature>()
 * const sasl2 = sasl2Feature({ logins, inline, logger })
 * inline.add(createBind2({ bind, ids, logger }).feature)
 * ```
 */
export function sasl2Feature(deps: Sasl2FeatureDeps): StreamFeature {
  const { logins, inline } = deps
  const advertised = sasl2Advertisement(deps)
  const fail = (io: FeatureIo, failed: SaslFailed): StreamChange => {
    io.send(saslFailureElement(new SaslFailure(failed.condition), NS.sasl2))
    logins.failed(io.state, failed)
    return {}
  }

  return {
    name: 'sasl2',
    ns: NS.sasl2,
    offered: (state) =>
      state.authenticated === undefined && logins.isConfidential(state) && logins.names(state).length > 0,
    required: () => true,
    advertise: advertised,
    async negotiate(el, io) {
      const request = requestOf(el, io)
      if (request === undefined) return fail(io, malformed)
      const wanted = inline.all().filter((feature) => feature.wants(request))
      const result = await prove(deps, io, request, wanted)
      if (result.kind === 'failure') return fail(io, result)
      const login = { ...request, account: accountOf(result.username, io.state) }
      const tasks = await tasksOf(deps, io, login, result)
      if (tasks !== 'none' && tasks !== 'done')
        return fail(io, failure(tasks, 'a task was not done', { username: result.username }))
      const outcome = await takeSteps(wanted, login, deps.logger)
      io.send(successElement(login.account, outcome, tasks === 'none' ? result : undefined))
      return changeOf(login, outcome)
    },
    refuse(_el, io) {
      // §4.10: once somebody is authenticated, that is who it is.
      if (io.state.authenticated === undefined) return fail(io, unencrypted)
      throw new StreamError('policy-violation', { text: 'logged in already' })
    },
  }
}

const unencrypted = failure('encryption-required', 'the stream can be read by others')
const malformed = failure('malformed-request', 'not a request to log in')

function requestOf(element: RawElement, { state, signal }: FeatureIo): LoginRequest | undefined {
  if (element.name !== 'authenticate') return undefined
  const userAgent = readUserAgent(element)
  if (userAgent === 'invalid') return undefined
  return { state, element, mechanism: element.attr('mechanism') ?? '', userAgent, signal }
}

function prove(
  { logins }: Sasl2FeatureDeps,
  io: FeatureIo,
  request: LoginRequest,
  wanted: readonly InlineFeature[],
): Promise<ExchangeResult> {
  const own: OwnMechanism = (login) => {
    const tries = (username: string) => accountToTry(username, login)
    for (const feature of wanted) {
      const definition = feature.mechanism?.(request, tries)
      if (definition !== undefined) return definition
    }
    return undefined
  }
  const carry: Parameters<Logins['attempt']>[2] = async (exchange) =>
    asAnnounced(await runExchange2(request.element, io, exchange), io.state)
  return logins.attempt(io, request.mechanism, carry, own)
}

// §4.8: who logs in is who the header said, if it said anybody.
function asAnnounced(result: ExchangeResult, state: StreamState): ExchangeResult {
  if (result.kind === 'failure' || state.from === undefined || state.from.local === '') return result
  const { username } = result
  if (state.from.bare.equals(accountOf(username, state))) return result
  return failure('invalid-authzid', 'the stream was opened in the name of another account', { username })
}

// XEP-0484 §4.2: a token spares whatever would need a person.
async function tasksOf(
  { logins, tasks }: Sasl2FeatureDeps,
  io: FeatureIo,
  login: Omit<InlineContext, 'bound'>,
  success: SaslSuccess,
): Promise<TasksOutcome> {
  if (tasks === undefined || !logins.names(io.state).includes(login.mechanism)) return 'none'
  return doTasks(tasks.all(), io, login, success)
}

function successElement(
  account: BareJid,
  { bound, elements }: InlineOutcome,
  result: SaslSuccess | undefined,
): Element {
  const success = new Element('success', { xmlns: NS.sasl2 })
  if (result !== undefined) addData(success, result)
  success.c('authorization-identifier').t((bound ?? account).toString())
  for (const element of elements) success.cnode(element)
  return success
}

function changeOf(
  { account, mechanism }: { readonly account: BareJid; readonly mechanism: string },
  { bound, resumed }: Pick<InlineOutcome, 'bound' | 'resumed'>,
): StreamChange {
  return { features: !resumed, authenticated: account, mechanism, ...(bound !== undefined && { bound }) }
}
