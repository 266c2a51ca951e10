import { addressLimitDefaults } from '@xmppkit/access'
import { type ArchiveOptions, archiveDefaults } from '@xmppkit/archive'
import {
  type AccountsOptions,
  accountsDefaults,
  type ExternalAccountsDeps,
  type ExternalAccountsOptions,
  externalAccountsDefaults,
  type LoginThrottleOptions,
  loginThrottleDefaults,
  type SaslFeatureOptions,
  saslFeatureDefaults,
} from '@xmppkit/auth'
import { type ContactAddresses, type VersionOptions, versionDefaults } from '@xmppkit/basics'
import { type BlockingOptions, blockingDefaults } from '@xmppkit/blocking'
import { type C2sOptions, type C2sPortOptions, c2sDefaults, c2sPortDefaults } from '@xmppkit/c2s'
import { type CarbonsOptions, carbonsDefaults } from '@xmppkit/carbons'
import { type ClientStateOptions, clientStateDefaults } from '@xmppkit/client-state'
import { type DiscoOptions, discoDefaults } from '@xmppkit/disco'
import { type FastOptions, fastDefaults } from '@xmppkit/fast'
import { type InProcessOptions, inProcessDefaults } from '@xmppkit/in-process'
import { type InboxOptions, inboxDefaults } from '@xmppkit/inbox'
import { type IqOptions, iqDefaults } from '@xmppkit/iq'
import { type LdapOptions, ldapDefaults } from '@xmppkit/ldap'
import type { ModuleUse, Provided } from '@xmppkit/module'
import { type OfflineOptions, offlineDefaults } from '@xmppkit/offline'
import { outboxDefaults } from '@xmppkit/outbox'
import type { OutboxModuleOptions } from '@xmppkit/outbox/module'
import { type PersonalDataOptions, personalDataDefaults } from '@xmppkit/personal-data'
import { type PrivateOptions, privateDefaults } from '@xmppkit/private'
import { type PushOptions, pushDefaults } from '@xmppkit/push'
import { type RegistrationOptions, registrationDefaults } from '@xmppkit/registration'
import { type ReportingOptions, reportingDefaults } from '@xmppkit/reporting'
import { type RosterOptions, rosterDefaults } from '@xmppkit/roster'
import type { Clock, Ids, Logger } from '@xmppkit/runtime'
import { type SessionsOptions, sessionsDefaults } from '@xmppkit/sessions'
import { type SqlStorageOptions, sqlStorageDefaults } from '@xmppkit/storage-sql'
import { type StreamManagementOptions, streamManagementDefaults } from '@xmppkit/stream-management'
import { type Certificates, type TcpListenerOptions, tcpListenerDefaults } from '@xmppkit/tcp'
import { type UploadOptions, uploadDefaults } from '@xmppkit/upload'
import { type VCardOptions, vcardDefaults } from '@xmppkit/vcard'
import {
  type HttpListenerOptions,
  httpListenerDefaults,
  type ReachableOptions,
  type UploadHandlerOptions,
  uploadHandlerDefaults,
  type WebOptions,
  webDefaults,
} from '@xmppkit/web'
import type { ReaderLimits } from '@xmppkit/xml'
import { ServerError } from './errors.js'
import { softwareVersion } from './software-version.js'
import type { StorageSettings } from './storage.js'
import type { FileSettings } from './uploads.js'

/** Options of message archives, and whether there are any. */
export interface ArchiveSettings extends ArchiveOptions {
  /**
   * Whether messages are archived (XEP-0313). Clients of today rely on it to show on every device what was said; it costs a
   * durable write at each end of a message.
   *
   * @default true
   */
  readonly enabled?: boolean
}

/** Where exports are. */
export interface ExportSettings {
  /**
   * Folder commands write exports into, and read imports from; made when it is needed, and readable by the owner of the process
   * only, since exports hold credentials. Without one these commands are not offered.
   *
   * @default none
   */
  readonly directory?: string
}

/** No folder. */
const exportDirectoryDefault = ''

/** Whether messages are archived unless somebody says otherwise. */
export const archiveEnabledDefault = true

/** Options of inboxes, and whether there are any. */
export interface InboxSettings extends InboxOptions {
  /**
   * Whether clients can ask for their inbox (XEP-0430); only where messages are archived, from which it is counted.
   *
   * @default true; false where archives are kept in a store of your own, and you bring no InboxStore for it
   */
  readonly enabled?: boolean
}

/** Whether there are inboxes unless somebody says otherwise. */
export const inboxEnabledDefault = true

/** Options of the blocks a host is made of; each is documented with its block. */
export interface HostSections {
  /** Passwords and their hashes. */
  readonly accounts?: AccountsOptions & ExternalAccountsOptions
  /** Logins. */
  readonly sasl?: SaslFeatureOptions
  /**
   * The directory whose people are the accounts of the host, instead of accounts of its own.
   *
   * @default none
   */
  readonly ldap?: LdapOptions
  /** Client sessions: pace, recipients, whether TLS is required. */
  readonly c2s?: Omit<C2sOptions, 'sasl'>
  /** Connected resources: how many, and what happens when two want the same. */
  readonly sessions?: SessionsOptions
  /** Requests of the server's own. */
  readonly iq?: IqOptions
  /** What the server says of itself. */
  readonly disco?: DiscoOptions
  /** Contacts, subscriptions, presence. */
  readonly roster?: RosterOptions
  /** Message archives. */
  readonly archive?: ArchiveSettings
  /** Inboxes: conversations and what is unread in them. */
  readonly inbox?: InboxSettings
  /** Messages for people who are away. */
  readonly offline?: OfflineOptions
  /** vCards, and the photo in presence. */
  readonly vcard?: VCardOptions
  /** Private XML storage. */
  readonly private?: PrivateOptions
  /** Export, import and erasure of what is kept for people. */
  readonly personalData?: PersonalDataOptions
  /** Files people upload: where they are reached, how large, how many, for how long. None without its `url`. */
  readonly upload?: UploadOptions
  /** Push notifications for clients that are away. */
  readonly push?: PushOptions
  /** Blocklists. */
  readonly blocking?: BlockingOptions
  /** Reports of spam and abuse. */
  readonly reporting?: ReportingOptions
  /** Copies for the other clients of an account. */
  readonly carbons?: CarbonsOptions
  /** What idle clients are spared. */
  readonly clientState?: ClientStateOptions
  /** Acknowledgements, and sessions that wait to be resumed. */
  readonly streamManagement?: StreamManagementOptions
  /** Logins with tokens. */
  readonly fast?: FastOptions
  /** Events for your own code and for webhooks. */
  readonly outbox?: OutboxModuleOptions
  /** Messages your own code sends and reviews, and its bots. */
  readonly inProcess?: InProcessOptions
  /** In-band registration. */
  readonly registration?: RegistrationOptions
  /** Name and version of the software, as people may ask for them. */
  readonly version?: Partial<VersionOptions>
  /** Whom to write to about the server, by role (XEP-0157). */
  readonly contact?: ContactAddresses
}

/** Options of what all hosts share. */
export interface SharedSections {
  /** Streams: deadlines, sizes, buffers. Reader limits not given keep their defaults. */
  readonly stream?: Omit<C2sPortOptions, 'limits' | 'preAuthLimits'> & {
    /** What an element may be before its sender has logged in. */
    readonly preAuthLimits?: Partial<ReaderLimits>
    /** What an element may be afterwards. */
    readonly limits?: Partial<ReaderLimits>
  }
  /** Failed logins. */
  readonly throttle?: LoginThrottleOptions
  /** The database, where there is one: batches and queues. */
  readonly sql?: SqlStorageOptions
  /** Where commands write exports and read imports. */
  readonly exports?: ExportSettings
  /** Connections by address; the defaults of every listener. */
  readonly tcp?: Partial<TcpListenerOptions>
  /** XMPP over HTTP: WebSocket, and which pages and proxies it is for. */
  readonly web?: WebOptions
  /** Files over HTTP: their path, and how long an upload may take. */
  readonly uploadHttp?: UploadHandlerOptions
  /** HTTP servers of our own; the defaults of every listener that speaks HTTP. */
  readonly http?: Partial<Omit<HttpListenerOptions, 'protocol'>>
}

/** One configuration of modules and the domains it serves. */
export interface HostSettings extends HostSections {
  /**
   * Name of the host, for logs and `server.host(name)`.
   *
   * @default 'main'
   */
  readonly name?: string
  /** Domains it serves; more can be added while it runs. */
  readonly domains: readonly string[]
  /**
   * Modules of your own, started after the standard ones.
   *
   * @default none
   */
  readonly modules?: readonly ModuleUse[]
  /**
   * Your own users: how their passwords, SCRAM verifiers or tokens are checked, and who there is. They stay where they are; no
   * accounts are kept here then.
   *
   * @default accounts are kept in `storage`
   */
  readonly users?: ExternalAccountsDeps
  /**
   * Services of your own, such as stores over your tables. They win over those of `storage`.
   *
   * @default none
   */
  readonly services?: readonly Provided[]
}

/** What {@link createServer} builds. The host's own settings are those of its first host. */
export interface ServerOptions extends HostSettings, SharedSections {
  /**
   * Further hosts: other domains with other options or modules. All share storage, router and listeners.
   *
   * @default none
   */
  readonly hosts?: readonly HostSettings[]
  /**
   * Where everything is kept: `'memory'`, a SQLite file, PostgreSQL, or a storage that is open already.
   *
   * @default 'memory'
   */
  readonly storage?: StorageSettings
  /**
   * Where the bytes of uploaded files are kept: `'memory'`, a folder, or a store of your own, such as one of
   * `@xmppkit/file-storage`.
   *
   * @default 'memory'
   */
  readonly files?: FileSettings
  /**
   * Sockets to open; none is opened unless asked for. Those with a `protocol` speak HTTP, all others XMPP.
   *
   * @default none
   */
  readonly listeners?: readonly (TcpListenerOptions | HttpListenerOptions)[]
  /** What listeners serve TLS with. */
  readonly certificates?: Certificates
}

/** Collaborators of {@link createServer}, all with a default. */
export interface ServerDeps {
  /**
   * Told what happens.
   *
   * @default nobody
   */
  readonly logger?: Logger
  /**
   * Measures time.
   *
   * @default the system's clock
   */
  readonly clock?: Clock
  /**
   * Makes unguessable names.
   *
   * @default a cryptographic generator
   */
  readonly ids?: Ids
}

/** Name of the first host. */
export const hostNameDefault = 'main'

const { sasl: _ownSection, ...c2sWithoutSasl } = c2sDefaults

const contactRoles: Required<ContactAddresses> = {
  abuse: [],
  admin: [],
  feedback: [],
  sales: [],
  security: [],
  status: [],
  support: [],
}

const reachable: Required<ReachableOptions> = {
  ips: [],
  sni: '',
  priority: 10,
  weight: 50,
  ech: '',
  tlsPort: 0,
  publicKeyPins: [],
}

// Options without a default, which are all texts.
const ldapTexts = { url: '', ca: '', userDn: '', base: '', filter: '', bindDn: '', bindPassword: '' }

/** Defaults of every section, by which sections that come from outside are checked. */
export const sectionDefaults: Readonly<Record<keyof HostSections | keyof SharedSections, object>> =
  Object.freeze({
    accounts: { ...accountsDefaults, ...externalAccountsDefaults },
    sasl: saslFeatureDefaults,
    ldap: { ...ldapDefaults, ...ldapTexts },
    c2s: { ...c2sWithoutSasl, accessRule: '', shaperRule: '', redirect: '' },
    sessions: sessionsDefaults,
    iq: iqDefaults,
    disco: discoDefaults,
    roster: rosterDefaults,
    archive: { enabled: archiveEnabledDefault, ...archiveDefaults },
    inbox: { enabled: inboxEnabledDefault, ...inboxDefaults },
    offline: offlineDefaults,
    vcard: vcardDefaults,
    private: privateDefaults,
    personalData: personalDataDefaults,
    upload: uploadDefaults,
    push: pushDefaults,
    blocking: blockingDefaults,
    reporting: reportingDefaults,
    carbons: carbonsDefaults,
    clientState: clientStateDefaults,
    streamManagement: streamManagementDefaults,
    fast: fastDefaults,
    outbox: { ...outboxDefaults, webhooks: [], handlers: [] },
    inProcess: inProcessDefaults,
    registration: registrationDefaults,
    version: { ...versionDefaults, version: softwareVersion, os: '' },
    contact: contactRoles,
    stream: { ...c2sPortDefaults, fallbackDomain: '' },
    throttle: loginThrottleDefaults,
    sql: sqlStorageDefaults,
    exports: { directory: exportDirectoryDefault },
    tcp: { ...tcpListenerDefaults, ...addressLimitDefaults },
    web: { ...webDefaults, hostMeta: { ...webDefaults.hostMeta, publicUrl: '', reachable } },
    uploadHttp: uploadHandlerDefaults,
    http: { ...httpListenerDefaults, ...addressLimitDefaults },
  })

/**
 * Checks sections that come from a file or a command line: every option must exist and have the type of
 * its default.
 *
 * @throws ServerError `server/options`, naming the option and what there is instead.
 */
export function checkSections(sections: Readonly<Record<string, Readonly<Record<string, unknown>>>>): void {
  for (const [section, options] of Object.entries(sections)) {
    if (!Object.hasOwn(sectionDefaults, section)) {
      const known = Object.keys(sectionDefaults).join(', ')
      throw new ServerError('server/options', `there is no section ${section}; there are ${known}`)
    }
    checkRecord(section, options, { ...sectionDefaults[section as keyof typeof sectionDefaults] })
  }
}

function checkRecord(
  path: string,
  given: Readonly<Record<string, unknown>>,
  defaults: Readonly<Record<string, unknown>>,
): void {
  for (const [option, value] of Object.entries(given)) {
    if (!Object.hasOwn(defaults, option)) {
      const known = Object.keys(defaults).join(', ')
      throw new ServerError('server/options', `${path} has no option ${option}; it has ${known}`)
    }
    checkValue(`${path}.${option}`, value, defaults[option])
  }
}

function checkValue(path: string, value: unknown, standard: unknown): void {
  const wanted = kindOf(standard)
  if (kindOf(value) !== wanted || (wanted === 'number' && !(Number(value) >= 0))) {
    const hint =
      wanted === 'number' ? 'a number that is not negative (Infinity lifts a limit)' : `a ${wanted}`
    throw new ServerError('server/options', `${path} wants ${hint}`)
  }
  if (wanted === 'object') {
    checkRecord(path, value as Record<string, unknown>, standard as Record<string, unknown>)
  }
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'list' : typeof value
}
