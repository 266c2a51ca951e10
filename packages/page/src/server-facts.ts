/** A port that is open. */
export interface OpenPort {
  /** What is spoken there, in a few words: `'XMPP with STARTTLS'`. */
  readonly speaks: string
  /** Its number. */
  readonly port: number
}

/** What the landing page says of a server. Everybody who reaches the page reads it. */
export interface ServerFacts {
  /** Name and version of the software; no version if it is nobody's business. */
  readonly software: { readonly name: string; readonly version?: string }
  /** Domains that are served, the one to log in at first. */
  readonly domains: readonly string[]
  /** Ports that are open. */
  readonly ports: readonly OpenPort[]
  /** Seconds since it was started. */
  readonly uptimeSeconds: number
  /** Connected clients. Only the order of magnitude is shown: with few people the number says who is there. */
  readonly online: number
  /** Extensions that are spoken, as numbers with four digits. */
  readonly xeps: readonly string[]
  /** Whether people may create accounts from their client. */
  readonly registration: boolean
  /** The page is for people on this machine: it says how to make accounts in a shell. */
  readonly local: boolean
}
