import { event } from '@xmppkit/hooks'

/** A domain is now served by the host: fired for each at start and whenever one is added. What fails here undoes it. */
export const hostUp = event<{
  /** The domain, prepared. */
  readonly domain: string
}>('module/host-up')

/** A domain is no longer served by the host: fired when one is removed and for each when the host closes. */
export const hostDown = event<{
  /** The domain, prepared. */
  readonly domain: string
}>('module/host-down')

/** A module crashed in a timer and was stopped; the host will start it again. */
export const moduleCrashed = event<{
  /** Name of the module. */
  readonly module: string
  /** What was thrown. */
  readonly error: unknown
  /** When it will be started again, in milliseconds from now. */
  readonly restartInMs: number
}>('module/crashed')
