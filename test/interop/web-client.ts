import { createInbox, type Inbox } from './inbox.js'

/** A message as its reader sees it. */
export interface Said {
  readonly id: string
  readonly from: string
  readonly body: string
}

/** Presence of somebody; `type` is empty for who is available. */
export interface Seen {
  readonly from: string
  readonly type: string
}

/** Where a file is put, and where it is fetched (XEP-0363 §4). */
export interface Slot {
  readonly put: string
  readonly get: string
}

/** What is asked of a slot. */
export interface FileRequest {
  readonly name: string
  readonly size: number
  readonly type: string
}

/** What a client tells of what happens to it. */
export interface Ears {
  readonly messages: Inbox<Said>
  readonly presences: Inbox<Seen>
  /** Its sessions, as they begin or go on. */
  readonly sessions: Inbox<'new' | 'resumed'>
}

/** Makes those of a client that has heard nothing yet. */
export const createEars = (): Ears => ({
  messages: createInbox(),
  presences: createInbox(),
  sessions: createInbox(),
})

/**
 * A library of another project, which acts as its users do: after every login it asks for the roster and becomes available,
 * and it comes back when its connection is gone.
 */
export interface WebClient {
  say(to: string, message: { readonly id: string; readonly body: string }): void
  /** Asks to see somebody's presence, or lets somebody see one's own. */
  presence(to: string, type: 'subscribe' | 'subscribed'): void
  slot(file: FileRequest): Promise<Slot>
  /** Resolves when the server has handled all that was sent. */
  settle(): Promise<void>
  /** Says goodbye, and stays away. */
  close(): Promise<void>
}

/** How one is opened, and what it can do. */
export interface Driver {
  readonly name: string
  readonly scheme: 'ws' | 'http'
  readonly path: string
  /**
   * Which session it has after its connection was cut: it resumes the one it had (XEP-0198), goes on with it as if nothing had
   * been (XEP-0124), or begins another.
   */
  readonly afterCut: 'resumed' | 'same' | 'new'
  /** Begins to log in; the first session is told of. */
  open(login: Login, ears: Ears): WebClient
}

/** As whom a client logs in, and where. */
export interface Login {
  readonly url: string
  readonly username: string
  readonly domain: string
  readonly password: string
}

/** The namespace of slots (XEP-0363). */
export const slots = 'urn:xmpp:http:upload:0'
