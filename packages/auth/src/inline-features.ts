import type { BareJid, FullJid } from '@xmppkit/jid'
import { type Awaitable, disposable } from '@xmppkit/runtime'
import type { ServerMechanismDefinition } from '@xmppkit/sasl'
import type { StreamState } from '@xmppkit/stream'
import type { Element, RawElement } from '@xmppkit/xml'
import type { UserAgent } from './user-agent.js'

/** A client's wish to log in with SASL2. Nothing in it is proven. */
export interface LoginRequest {
  /** What is known of the stream; nobody is authenticated on it yet. */
  readonly state: StreamState
  /** The `<authenticate/>`, with whatever it asks for. */
  readonly element: RawElement
  /** The mechanism it names. */
  readonly mechanism: string
  /** What the client says of itself. */
  readonly userAgent: UserAgent
  /** Aborts when the stream ends. */
  readonly signal: AbortSignal
}

/** A login whose credentials were proven, before the client is told. */
export interface InlineContext extends LoginRequest {
  /** The account. */
  readonly account: BareJid
  /** The address of the session, once a step before this one has bound it. */
  readonly bound: FullJid | undefined
}

/** What a step of a login came to. */
export interface InlineAnswer {
  /** Goes into `<success/>`. */
  readonly element?: Element
  /** The session the stream belongs to from here on: a new one, or an old one that goes on here. */
  readonly bound?: FullJid
  /**
   * With {@link InlineAnswer.bound}: the session is an old one that goes on with `<success/>`, and no features follow
   * (XEP-0198 §9.2).
   *
   * @default false
   */
  readonly resumed?: boolean
}

/**
 * Something a client may ask for together with its login (XEP-0388 §2.6.1): a resource, the end of an interruption, a
 * token. Its steps are taken in ascending order of `seq`, after the credentials were proven and before `<success/>`, which
 * carries all answers.
 */
export interface InlineFeature {
  /** For logs: `bind2`, `fast`. */
  readonly name: string
  /** Its place among the others; see {@link inlineSeq}. */
  readonly seq: number
  /**
   * True if it gives the stream a session. The first that does is the last: whatever would bind another one is passed over,
   * as though the client had not asked for it (XEP-0386 §3.2).
   */
  readonly binds?: boolean
  /** The element listed in `<inline/>`; `undefined` lists nothing. */
  advertise(state: StreamState): Element | undefined
  /** Whether a login asks anything of it. Only then are the other two called. */
  wants(request: LoginRequest): boolean
  /**
   * A mechanism of its own, for a name that is in no list, such as one for tokens.
   *
   * @param tries - the account of a username; call it before looking anything up. Throws if nobody may try it now
   */
  mechanism?(
    request: LoginRequest,
    tries: (username: string) => BareJid,
  ): ServerMechanismDefinition | undefined
  /**
   * Takes its step. What cannot be had is said in the answer, and the login succeeds all the same; anything thrown but a
   * `StreamError`, which ends the stream, is logged and leaves no answer.
   */
  negotiate(context: InlineContext): Awaitable<InlineAnswer>
}

/** Sequence numbers of {@link InlineFeature} others rely on. */
export const inlineSeq = Object.freeze({
  /** An interrupted session goes on (XEP-0198 §9.2); before a new one is bound. */
  resume: 20,
  /** A new session (XEP-0386). */
  bind: 50,
  /** Tokens for logins to come (XEP-0484); behind everything that may refuse the client. */
  token: 80,
})

/** A list that others add to. */
export interface FeatureList<F> {
  /** Adds one; from then on it takes part in every login. */
  add(feature: F): Disposable
}

/** A {@link FeatureList} and what is on it. */
export interface FeatureRegistry<F> extends FeatureList<F> {
  /** Those that were added, in ascending order of `seq`, those of one number as they came. */
  all(): readonly F[]
}

/** Makes an empty list of features, ordered by their `seq`. */
export function createFeatureRegistry<F extends { readonly seq: number }>(): FeatureRegistry<F> {
  let features: readonly F[] = []
  return {
    add(feature) {
      features = [...features, feature].sort((a, b) => a.seq - b.seq)
      return disposable(() => {
        features = features.filter((other) => other !== feature)
      })
    },
    all: () => features,
  }
}
