import type { FullJid } from '@xmppkit/jid'
import { isThenable, type Logger } from '@xmppkit/runtime'
import { isStreamError } from '@xmppkit/stanza'
import type { Element } from '@xmppkit/xml'
import type { InlineAnswer, InlineContext, InlineFeature } from './inline-features.js'

/** What all steps of a login came to. */
export interface InlineOutcome {
  /** The answers, in the order of the steps. */
  readonly elements: readonly Element[]
  /** The session, if one was bound. */
  readonly bound: FullJid | undefined
  /** Whether it is one that goes on, whose client knows the features already. */
  readonly resumed: boolean
}

/**
 * Takes the steps a client asked for, one after another.
 *
 * @param wanted - the features its request asks something of, in order
 */
export async function takeSteps(
  wanted: readonly InlineFeature[],
  login: Omit<InlineContext, 'bound'>,
  logger: Pick<Logger, 'error'>,
): Promise<InlineOutcome> {
  const elements: Element[] = []
  let bound: FullJid | undefined
  let resumed = false
  for (const feature of wanted) {
    if (feature.binds && bound !== undefined) continue
    const step = attempt(feature, { ...login, bound }, logger)
    const answer = isThenable(step) ? await step : step
    if (answer.element !== undefined) elements.push(answer.element)
    if (bound !== undefined || answer.bound === undefined) continue
    bound = answer.bound
    resumed = answer.resumed === true
  }
  return { elements, bound, resumed }
}

function attempt(feature: InlineFeature, context: InlineContext, logger: Pick<Logger, 'error'>) {
  const failed = (error: unknown): InlineAnswer => {
    if (isStreamError(error)) throw error
    logger.error('a step of a login failed', { error, feature: feature.name })
    return {}
  }
  try {
    const answer = feature.negotiate(context)
    return isThenable(answer) ? answer.then(undefined, failed) : answer
  } catch (error) {
    return failed(error)
  }
}
