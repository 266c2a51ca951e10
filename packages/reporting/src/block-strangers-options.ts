/** Settings of `createBlockStrangers`. */
export interface BlockStrangersOptions {
  /**
   * Keep out messages of strangers that have a body or a subject (ejabberd: `drop`).
   *
   * @default true
   */
  readonly blockMessages?: boolean
  /**
   * Keep out their subscription requests too. Nobody can get to know anybody then but by adding them first.
   *
   * @default false
   */
  readonly blockSubscriptions?: boolean
  /**
   * Users of this host's own domains are no strangers (ejabberd: `allow_local_users`).
   *
   * @default true
   */
  readonly allowLocalUsers?: boolean
  /**
   * Users of a domain that is itself a contact, such as a gateway, are no strangers (ejabberd: `allow_transports`).
   *
   * @default true
   */
  readonly allowTransports?: boolean
  /**
   * Access rule that says who is never a stranger (ejabberd: `access`). Needs `access`.
   *
   * @default nobody
   */
  readonly access?: string
  /**
   * Tell strangers why, with `policy-violation`. They learn then that the account exists, which they otherwise do not.
   *
   * @default false
   */
  readonly tellStrangers?: boolean
  /**
   * Log whom is kept from whom (ejabberd: `log`).
   *
   * @default false
   */
  readonly log?: boolean
}

/** Defaults of {@link BlockStrangersOptions}. */
export const blockStrangersDefaults: Readonly<Required<Omit<BlockStrangersOptions, 'access'>>> =
  Object.freeze({
    blockMessages: true,
    blockSubscriptions: false,
    allowLocalUsers: true,
    allowTransports: true,
    tellStrangers: false,
    log: false,
  })
