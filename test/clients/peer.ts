/** Where and as whom a client logs in. */
export interface LoginOptions {
  readonly user: string
  readonly password: string
  readonly resource: string
  /** Port of the listener the client can speak to, or of a proxy before it. */
  readonly port: number
  /** How it connects; all of it is TLS in the end. */
  readonly way: 'starttls' | 'direct' | 'https'
  /** File with the authority of the server's certificate. */
  readonly ca: string
  /** Identity of the installation (XEP-0388 §2.2), a UUID. */
  readonly installation?: string
  /** A token of an earlier login (XEP-0484). */
  readonly token?: unknown
}

/** How a login went. */
export interface Login {
  readonly jid: string
  /** Mechanisms that were used, and `bound` if the resource was bound with the login. */
  readonly used: readonly string[]
  /** What the next login of the installation may use, or null. */
  readonly token: unknown
}

/** A message as a person sees it: written to this client, or copied from another of the account. */
export interface Heard {
  readonly way: 'direct' | 'received' | 'sent'
  readonly from: string
  readonly body: string
}

/** Presence of somebody, with the hash of the picture (XEP-0153); null where there was none. */
export interface SeenPresence {
  readonly from: string
  readonly type: string
  readonly photo: string | null
}

/** A name and the SHA-1 of a picture. */
export interface Card {
  readonly name: string
  readonly hash: string
}

/**
 * A client of another project, running in a process of its own. It does what it can do; the table of clients says what that
 * is, and only that is asked of it.
 */
export interface Peer extends AsyncDisposable {
  /** Logs in and becomes available. */
  login(options: LoginOptions): Promise<Login>
  /** Says goodbye. */
  logout(): Promise<void>
  send(to: string, body: string): Promise<void>
  /** Waits for a message and tells how it came. */
  heard(body: string): Promise<Heard>
  /** All that was heard so far, in order. */
  everything(): readonly Heard[]
  /** Resolves when what the server sent before has arrived. */
  settle(): Promise<void>
  /** Waits until a session has gone on over another connection, for the first time or again. */
  resumed(): Promise<void>
  /** Asks for copies of what other resources send and receive. */
  carbons(): Promise<void>
  /** Reads the whole archive; page by page in the order they came, each from old to new. */
  archive(direction: 'forwards' | 'backwards', max: number): Promise<readonly (readonly string[])[]>
  block(jid: string): Promise<void>
  unblock(jid: string): Promise<void>
  blocked(): Promise<readonly string[]>
  /** Waits for the refusal of a message, and tells its condition. */
  refused(): Promise<string>
  publishVCard(name: string, type: string, photo: string): Promise<void>
  vCard(of: string): Promise<Card>
  /** Waits for presence of an address with the hash of a picture. */
  photoOf(jid: string): Promise<string>
}
