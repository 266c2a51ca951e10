import type { BodyAttributes, BoshRequest } from './bosh-body.js'
import type { BoshOptions } from './bosh-options.js'

/** What client and server have agreed on for a session (XEP-0124 §7). */
export interface BoshTerms {
  readonly waitMs: number
  /** Requests that may be held at one time; 0 for a client that polls. */
  readonly hold: number
  /** Requests that may be under way at one time. */
  readonly requests: number
  readonly inactivityMs: number
  readonly pollingMs: number
  readonly maxPauseMs: number
  readonly maxResponseBytes: number
  readonly maxRepeats: number
  /** Whether both sides say what they have received. */
  readonly acknowledges: boolean
  /** What the client is told of it. */
  readonly attributes: BodyAttributes
}

/** Settles the terms: never more than the client asks for, nor than there is (BO-3). */
export function agreeOn(request: BoshRequest, sid: string, settings: Required<BoshOptions>): BoshTerms {
  const waitMs = Math.min((request.wait ?? Number.POSITIVE_INFINITY) * 1000, settings.maxWaitMs)
  // XEP-0124 §12: who asks for no wait wants to poll.
  const hold = waitMs === 0 ? 0 : Math.min(request.hold ?? 1, settings.maxHold)
  const requests = hold + 1
  const { pollingMs, maxPauseMs, maxResponseBytes, maxRepeats } = settings
  const inactivityMs = settings.inactivityMs + (hold === 0 ? 2 * pollingMs : 0)
  const acknowledges = request.ack === 1
  const attributes = {
    sid,
    wait: seconds(waitMs),
    requests,
    hold,
    inactivity: seconds(inactivityMs),
    polling: Math.ceil(pollingMs / 1000),
    maxpause: seconds(maxPauseMs),
    ver: lowerVersion(request.ver),
    ack: acknowledges ? request.rid : undefined,
    'xmpp:restartlogic': 'true',
  }
  const limits = { pollingMs, maxPauseMs, maxResponseBytes, maxRepeats }
  return { waitMs, hold, requests, inactivityMs, acknowledges, attributes, ...limits }
}

/** `undefined` for what has no end: the attribute is then left out, which means that. */
function seconds(ms: number): number | undefined {
  return Number.isFinite(ms) ? Math.floor(ms / 1000) : undefined
}

/** The lower of the versions both sides know; numbers, not text. */
function lowerVersion(theirs: string | undefined): string {
  const match = /^1\.(\d{1,9})$/.exec(theirs ?? '')
  return match !== null && Number(match[1]) < 11 ? `1.${Number(match[1])}` : '1.11'
}
