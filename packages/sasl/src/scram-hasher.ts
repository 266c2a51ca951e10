import { pbkdf2, randomBytes } from 'node:crypto'
import { constantTimeEqual } from './constant-time-equal.js'
import { SaslError } from './errors.js'
import {
  digestLength,
  digestName,
  type ScramHash,
  type ScramVerifier,
  scramVerifierOf,
} from './scram-verifier.js'
import { encodeUtf8 } from './utf8.js'

/** Options of {@link createScramHasher}. */
export interface ScramHasherOptions {
  /**
   * Rounds of PBKDF2 for new verifiers. RFC 5802 demands 4096, XEP-0438 10000; each login of a client with
   * PLAIN costs the server this many.
   * @default 10000
   */
  readonly iterations?: number
  /**
   * The most rounds accepted from anyone, so that a mistaken setting or a hostile server costs bounded time.
   * @default 1000000
   */
  readonly maxIterations?: number
  /**
   * Random bytes of salt for new verifiers, at least 16.
   * @default 16
   */
  readonly saltBytes?: number
  /**
   * Computations at a time. They run on Node's thread pool (4 threads unless set otherwise), which file and
   * name look-ups share: leave some free.
   * @default 2
   */
  readonly concurrency?: number
  /**
   * Computations that may wait; one more is refused with `sasl/overloaded`. Stops a flood of logins from
   * holding memory.
   * @default 1000
   */
  readonly maxWaiting?: number
}

/** The defaults of {@link createScramHasher}. */
export const scramHasherDefaults: Required<ScramHasherOptions> = Object.freeze({
  iterations: 10_000,
  maxIterations: 1_000_000,
  saltBytes: 16,
  concurrency: 2,
  maxWaiting: 1000,
})

/** Fewer rounds than these are never used nor accepted (RFC 5802 §5.1). */
export const minScramIterations = 4096

/** What {@link ScramHasher.derive} hashes with. */
export interface DeriveParameters {
  /** The hash function. */
  readonly hash: ScramHash
  /** The salt; fresh random bytes if absent. */
  readonly salt?: Uint8Array
  /** The rounds; the hasher's own if absent. */
  readonly iterations?: number
}

/** Waiting for a place in the queue may end early; a computation that has begun runs to its end. */
export interface HashingWait {
  /** Aborts the wait. */
  readonly signal?: AbortSignal
}

/** Computes the expensive part of SCRAM off the event loop, a few at a time. */
export interface ScramHasher {
  /** Rounds of PBKDF2 for new verifiers. */
  readonly iterations: number
  /** Bytes of salt for new verifiers. */
  readonly saltBytes: number
  /**
   * Makes the verifier of a prepared password.
   * @throws SaslError `sasl/invalid-parameters` below the floor or above the cap of iterations,
   * `sasl/overloaded` if too many wait
   */
  derive(password: string, parameters: DeriveParameters, wait?: HashingWait): Promise<ScramVerifier>
  /** Whether a prepared password belongs to a verifier; compares in constant time. */
  matches(password: string, verifier: ScramVerifier, wait?: HashingWait): Promise<boolean>
  /** `SaltedPassword` of RFC 5802 §3, for the client side. Never store it: it is as good as the password. */
  saltedPassword(
    password: string,
    parameters: Required<DeriveParameters>,
    wait?: HashingWait,
  ): Promise<Uint8Array>
}

/**
 * Creates the hasher a server shares among all its logins and registrations.
 *
 * @throws SaslError `sasl/invalid-parameters` if the options are below the floors
 * @example
 * ```ts
 * const hasher = createScramHasher({ iterations: 15_000 })
 * const verifier = await hasher.derive('secret', { hash: 'SHA-256' })
 * await hasher.matches('secret', verifier) // true
 * ```
 */
export function createScramHasher(options: ScramHasherOptions = {}): ScramHasher {
  const settings = Object.freeze({ ...scramHasherDefaults, ...options })
  const queue = createQueue(settings.concurrency, settings.maxWaiting)
  checkIterations(settings.iterations, settings.maxIterations)
  if (settings.saltBytes < 16) throw invalid('a salt needs at least 16 bytes')

  const saltedPassword: ScramHasher['saltedPassword'] = async (
    password,
    { hash, salt, iterations },
    wait,
  ) => {
    checkIterations(iterations, settings.maxIterations)
    if (salt.byteLength === 0) throw invalid('the salt is empty')
    const secret = encodeUtf8(password)
    return queue(() => stretch(secret, salt, iterations, hash), wait?.signal)
  }

  const derive: ScramHasher['derive'] = async (password, parameters, wait) => {
    const { hash, iterations = settings.iterations } = parameters
    const salt = parameters.salt ?? randomBytes(settings.saltBytes)
    const salted = await saltedPassword(password, { hash, salt, iterations }, wait)
    return scramVerifierOf(salted, { hash, salt, iterations })
  }

  return {
    iterations: settings.iterations,
    saltBytes: settings.saltBytes,
    derive,
    matches: async (password, verifier, wait) => {
      const derived = await derive(password, verifier, wait)
      return constantTimeEqual(derived.storedKey, verifier.storedKey)
    },
    saltedPassword,
  }
}

function stretch(
  secret: Uint8Array,
  salt: Uint8Array,
  iterations: number,
  hash: ScramHash,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    pbkdf2(secret, salt, iterations, digestLength(hash), digestName(hash), (error, key) => {
      if (error) reject(error)
      else resolve(key)
    })
  })
}

function checkIterations(iterations: number, max: number): void {
  if (Number.isInteger(iterations) && iterations >= minScramIterations && iterations <= max) return
  throw invalid(`iterations must be a whole number from ${minScramIterations} to ${max}`)
}

function invalid(why: string): SaslError {
  return new SaslError('sasl/invalid-parameters', why)
}

type Enqueue = <T>(job: () => Promise<T>, signal: AbortSignal | undefined) => Promise<T>

function createQueue(concurrency: number, maxWaiting: number): Enqueue {
  let running = 0
  const waiting = new Set<() => void>()

  const finished = (): void => {
    const [next] = waiting
    if (next === undefined) running--
    else {
      waiting.delete(next)
      next()
    }
  }

  const place = (signal: AbortSignal | undefined): Promise<void> => {
    if (running < concurrency) {
      running++
      return Promise.resolve()
    }
    if (waiting.size >= maxWaiting) {
      return Promise.reject(new SaslError('sasl/overloaded', `${maxWaiting} password computations wait`))
    }
    return new Promise((resolve, reject) => {
      const abandon = (): void => {
        waiting.delete(begin)
        reject(signal?.reason)
      }
      const begin = (): void => {
        signal?.removeEventListener('abort', abandon)
        resolve()
      }
      signal?.addEventListener('abort', abandon, { once: true })
      waiting.add(begin)
    })
  }

  return async (job, signal) => {
    signal?.throwIfAborted()
    await place(signal)
    try {
      return await job()
    } finally {
      finished()
    }
  }
}
