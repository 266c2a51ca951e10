import type { Iq } from '@xmppkit/iq'
import type { Clock } from '@xmppkit/runtime'
import { child, DecodeError, dateTime, defineIq, element, NS, type Text, text } from '@xmppkit/stanza'

/** Offset from UTC in minutes, written as the TZD of XEP-0082. */
const offset: Text<number> = {
  parse(raw) {
    if (raw === 'Z') return 0
    const parts = /^([+-])(0\d|1[0-4]):([0-5]\d)$/.exec(raw)
    if (parts === null) throw new DecodeError('', 'not an offset from UTC')
    const minutes = Number(parts[2]) * 60 + Number(parts[3])
    return parts[1] === '-' && minutes > 0 ? -minutes : minutes
  },
  print(minutes) {
    const size = Math.abs(minutes)
    const [hours, rest] = [Math.floor(size / 60), size % 60].map((n) => String(n).padStart(2, '0'))
    return `${minutes < 0 ? '-' : '+'}${hours}:${rest}`
  },
}

/** Asks for the time somewhere (XEP-0202). */
export const timeGet = defineIq({
  type: 'get',
  request: element('time', NS.time, {}),
  result: element('time', NS.time, {
    offsetMinutes: child(text('tzo', NS.time, offset)),
    utc: child(text('utc', NS.time, dateTime)),
  }),
})

/** Collaborators of {@link createEntityTime}. */
export interface EntityTimeDeps {
  /** Answers the requests. */
  readonly iq: Pick<Iq, 'handle'>
  /** Knows the time. */
  readonly clock: Pick<Clock, 'now'>
}

/** What {@link createEntityTime} can be told. */
export interface EntityTimeOptions {
  /** Offset of local time from UTC in minutes; another than 0 tells where the server is (XEP-0202 §6). @default 0 */
  readonly offsetMinutes?: number
}

/** What {@link createEntityTime} uses for options not given. */
export const entityTimeDefaults = Object.freeze({ offsetMinutes: 0 })

/**
 * Answers who asks a server for its time (XEP-0202).
 *
 * @throws RangeError for an offset of more than 14 hours or of a fraction of a minute
 * @example
 * ```ts
 * scope.use(createEntityTime({ iq, clock: systemClock }))
 * ```
 */
export function createEntityTime({ iq, clock }: EntityTimeDeps, options: EntityTimeOptions = {}): Disposable {
  const { offsetMinutes } = Object.freeze({ ...entityTimeDefaults, ...options })
  if (!Number.isInteger(offsetMinutes) || Math.abs(offsetMinutes) > 840) {
    throw new RangeError('offsetMinutes must be an integer of at most 840 either way')
  }
  return iq.handle(timeGet, 'server', () => ({ offsetMinutes, utc: new Date(clock.now()) }))
}
