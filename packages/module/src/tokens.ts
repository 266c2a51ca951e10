import { event } from '@xmppkit/hooks'

/** A domain is now served by the host: fired for each at start and whenever one is added. What fails here undoes it. */
export const hostUp = event<{ readonly domain: string }>('module/host-up')

/** A domain is no longer served by the host: fired when one is removed and for each when the host closes. */
export const hostDown = event<{ readonly domain: string }>('module/host-down')

/** A module crashed in a timer and was stopped; the host will start it again. */
export const moduleCrashed = event<{
  readonly module: string
  readonly error: unknown
  readonly restartInMs: number
}>('module/crashed')
