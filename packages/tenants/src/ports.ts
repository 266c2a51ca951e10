/** What a domain may have at most, where it differs from the options of the modules. What is absent is theirs to say. */
export interface TenantLimits {
  /** Accounts of the domain; more cannot be registered. */
  readonly maxAccounts?: number
  /** Connected sessions of the domain; more cannot be opened. */
  readonly maxSessions?: number
  /** Connected sessions of one account. */
  readonly maxSessionsPerAccount?: number
  /**
   * Stanzas a second that all clients of the domain may send together, with a burst of ten times as many. Who sends more is
   * not refused but read more slowly, so that one tenant does not take the time of the others.
   */
  readonly maxStanzasPerSecond?: number
  /** Messages that may wait for one account. */
  readonly maxOfflineMessagesPerAccount?: number
  /** Messages kept in the archive of one account; of more, the oldest go. */
  readonly maxArchivedMessagesPerAccount?: number
  /** How long archived messages are kept, in days. */
  readonly maxArchiveDays?: number
}

/** What a domain looks like to who asks it, where it differs from the options of the modules. */
export interface TenantBranding {
  /** Name of the server, as clients show it (XEP-0030). */
  readonly name?: string
  /** Whom to write to, by role (XEP-0157): URIs such as `mailto:abuse@example.com`. They stand in place of those of the host. */
  readonly contacts?: Readonly<Record<string, readonly string[]>>
}

/** Everything a domain has of its own. */
export interface TenantSettings extends TenantLimits, TenantBranding {}

/** A domain as it is kept. */
export interface StoredTenant {
  /** Its prepared name. */
  readonly domain: string
  /** Name of the host that serves it. */
  readonly host: string
  /** When it was added, in milliseconds since 1970. */
  readonly createdAt: number
  /** What it has of its own. */
  readonly settings: TenantSettings
}

/** A page of a list. */
export interface TenantPage {
  /** Only those of this host. @default those of all hosts */
  readonly host?: string
  /** The last domain of the page before; absent for the first page. */
  readonly after?: string
  /** The most entries wanted. */
  readonly limit: number
}

/**
 * Where domains that were added at run time are kept. `@xmppkit/conformance/tenant-store` tests an implementation.
 *
 * All methods reject when the store cannot be reached, with nothing half done; those that write resolve when what they wrote
 * is durable.
 */
export interface TenantStore {
  /** Keeps a domain; `false`, having done nothing, if it is there already. */
  add(tenant: StoredTenant): Promise<boolean>
  /** Replaces what a domain has of its own; `false` if it is not there. */
  setSettings(domain: string, settings: TenantSettings): Promise<boolean>
  /** One domain. */
  get(domain: string): Promise<StoredTenant | undefined>
  /** Forgets a domain; `false` if it is not there. */
  remove(domain: string): Promise<boolean>
  /** Domains in ascending order of the UTF-8 bytes of their names. */
  list(page: TenantPage): Promise<readonly StoredTenant[]>
}
