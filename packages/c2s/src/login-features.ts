import {
  type CredentialSources,
  channelBindingFeature,
  createLogins,
  type FeatureRegistry,
  type InlineFeature,
  type LoginAttempt,
  type LoginTask,
  type LoginThrottle,
  type SaslFeatureOptions,
  sasl2Feature,
  saslFeature,
} from '@xmppkit/auth'
import type { Hooks } from '@xmppkit/hooks'
import type { Clock, Logger } from '@xmppkit/runtime'
import type { StreamFeature, StreamState } from '@xmppkit/stream'
import { c2sAuthResult } from './tokens.js'

/** What {@link loginFeatures} needs. */
export interface LoginFeaturesDeps {
  readonly hooks: Pick<Hooks, 'run'>
  readonly credentials?: CredentialSources
  readonly throttle?: LoginThrottle
  readonly clock: Clock
  readonly logger: Logger
  readonly inline: FeatureRegistry<InlineFeature>
  readonly tasks: FeatureRegistry<LoginTask>
  /** A try to log in begins. */
  onBegin(state: StreamState): void
}

/** The ways to log in, both profiles of SASL, which count failures together. None without credentials. */
export function loginFeatures(deps: LoginFeaturesDeps, options: SaslFeatureOptions): StreamFeature[] {
  const { credentials, throttle, clock, logger, onBegin, hooks, inline, tasks } = deps
  if (credentials === undefined) return []
  const onAttempt = (attempt: LoginAttempt) => void hooks.run(c2sAuthResult, attempt)
  const needs = { credentials, clock, logger, onBegin, onAttempt, ...(throttle ? { throttle } : {}) }
  const logins = createLogins(needs, options)
  return [channelBindingFeature(logins), sasl2Feature({ logins, inline, tasks, logger }), saslFeature(logins)]
}
