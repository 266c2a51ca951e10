import type { Element, RawElement } from '@xmppkit/xml'
import type { TlsInfo } from './ports.js'
import type { FeatureIo } from './stream-feature.js'
import type { StreamState } from './stream-state.js'

/** What a negotiation needs of the engine. */
export interface FeatureIoDeps {
  readonly state: StreamState
  sendElement(el: Element | RawElement): void
  read(): Promise<RawElement>
  startTls(): Promise<TlsInfo>
}

/** A {@link FeatureIo} for one negotiation, and the way to end it. */
export class NegotiationIo implements FeatureIo {
  readonly #deps: FeatureIoDeps
  // Most features never look at the signal.
  #abort: AbortController | undefined
  #over = false

  constructor(deps: FeatureIoDeps) {
    this.#deps = deps
  }

  get state(): StreamState {
    return this.#deps.state
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.#over) this.#abort.abort()
    return this.#abort.signal
  }

  send(el: Element | RawElement): void {
    this.#deps.sendElement(el)
  }

  read(): Promise<RawElement> {
    return this.#deps.read()
  }

  startTls(): Promise<TlsInfo> {
    return this.#deps.startTls()
  }

  /** The stream has ended. */
  end(): void {
    this.#over = true
    this.#abort?.abort()
  }
}
