/** Settings of `createClientState`. */
export interface ClientStateOptions {
  /**
   * Hold back who comes, goes and changes status, but for the latest of each contact's resource (ejabberd: `queue_presence`).
   *
   * @default true
   */
  readonly holdPresence?: boolean
  /**
   * Hold back "is typing" and the like, but for the latest of each sender (ejabberd: `queue_chat_states`).
   *
   * @default true
   */
  readonly holdChatStates?: boolean
  /**
   * Hold back what contacts publish, such as moods and avatars, but for the latest of each item (ejabberd: `queue_pep`).
   *
   * @default true
   */
  readonly holdPep?: boolean
  /**
   * Stanzas held back for one client; with one more all of them are sent. Bounds what an idle client costs.
   *
   * @default 500
   */
  readonly maxHeld?: number
  /**
   * Bytes held back for one client; with more all of it is sent.
   *
   * @default 262_144
   */
  readonly maxHeldBytes?: number
}

/** Defaults of {@link ClientStateOptions}. */
export const clientStateDefaults: Readonly<Required<ClientStateOptions>> = Object.freeze({
  holdPresence: true,
  holdChatStates: true,
  holdPep: true,
  maxHeld: 500,
  maxHeldBytes: 262_144,
})
