import { event } from '@xmppkit/hooks'
import type { AbuseReport } from './report.js'

/** A user reports whom they have just blocked (XEP-0377). What to do about it is up to you. */
export const abuseReported = event<AbuseReport>('reporting/abuse-reported')
