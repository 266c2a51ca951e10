import { readFile } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { CliError } from './errors.js'
import { type FlagKind, serveFlags } from './serve-flags.js'

/** Settings by section and option, as in a configuration file. */
export type Sections = Record<string, Record<string, unknown>>

/** What `xmppkit serve` was asked to do. */
export interface ServeSettings {
  readonly domains: readonly string[]
  readonly host: string | undefined
  readonly c2sPort: number | 'none'
  readonly tlsPort: number | 'none'
  readonly httpsPort: number | 'none'
  readonly httpPort: number | 'none'
  /** Port of the page for this machine. */
  readonly pagePort: number | 'none'
  readonly tlsCert: string | undefined
  readonly tlsKey: string | undefined
  readonly data: string
  readonly databaseUrl: string | undefined
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
  readonly pidFile: string | undefined
  readonly allowPlaintext: boolean
  /** Options of the blocks. */
  readonly sections: Sections
}

/** Settings of a file that have no section: those of the flags that change none. */
const topLevel = serveFlags.filter((flag) => !flag.setting && flag.name !== 'config' && flag.name !== 'set')

/**
 * Reads a command line, and the configuration file it names.
 *
 * @throws CliError `cli/usage`, `cli/config`
 */
export async function readServeSettings(args: readonly string[]): Promise<ServeSettings> {
  const flags = parseFlags(args)
  const file = typeof flags.config === 'string' ? await readConfigFile(flags.config) : {}
  const sections: Sections = {}
  const top: Record<string, unknown> = {}

  for (const [name, value] of Object.entries(file)) {
    if (isRecord(value)) sections[name] = { ...value }
    else top[checkedTopLevel(name)] = value
  }
  for (const flag of serveFlags) {
    const given = flags[flag.name]
    if (given === undefined) continue
    if (flag.name === 'set') for (const one of given as string[]) applySet(sections, one)
    else if (flag.setting) assign(sections, flag.setting, readValue(flag.kind, flag.name, given))
    else if (flag.name !== 'config')
      top[camel(flag.name)] = flag.multiple ? given : readValue(flag.kind, flag.name, given)
  }
  return settle(top, sections)
}

function parseFlags(
  args: readonly string[],
): Record<string, string | boolean | (string | boolean)[] | undefined> {
  const options = Object.fromEntries(
    serveFlags.map(({ name, kind, multiple }) => [
      name,
      { type: kind === 'switch' ? ('boolean' as const) : ('string' as const), multiple: multiple ?? false },
    ]),
  )
  try {
    return parseArgs({ args: [...args], options, allowPositionals: false }).values
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new CliError('cli/usage', `${message.split('. ')[0]}; see: xmppkit serve --help`, { cause })
  }
}

async function readConfigFile(path: string): Promise<Record<string, unknown>> {
  try {
    const isModule = ['.js', '.mjs'].includes(extname(path))
    const settings: unknown = isModule
      ? (await import(pathToFileURL(resolve(path)).href)).default
      : JSON.parse(await readFile(path, 'utf8'))
    if (isRecord(settings)) return settings
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CliError('cli/config', `${path} cannot be read: ${why}`, { cause })
  }
  throw new CliError('cli/config', `${path} must hold an object of settings`)
}

function checkedTopLevel(name: string): string {
  const known = ['domains', ...topLevel.map((flag) => camel(flag.name))]
  if (known.includes(name)) return name === 'domains' ? 'domain' : name
  throw new CliError('cli/config', `there is no setting ${name}; there are ${known.join(', ')}, and sections`)
}

function applySet(sections: Sections, text: string): void {
  const match = /^([a-z][A-Za-z0-9]*(?:\.[A-Za-z0-9]+)+)=(.*)$/.exec(text)
  if (!match) throw new CliError('cli/usage', `--set wants SECTION.OPTION=VALUE, got ${text}`)
  assign(sections, match[1]!, plainValue(match[2]!))
}

/** A value of `--set`: what JSON reads, otherwise the text itself. `Infinity` is a number. */
function plainValue(text: string): unknown {
  if (text === 'Infinity') return Number.POSITIVE_INFINITY
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function assign(into: Record<string, unknown>, setting: string, value: unknown): void {
  const [name = '', ...rest] = setting.split('.')
  if (rest.length === 0) {
    into[name] = value
    return
  }
  const inner = isRecord(into[name]) ? { ...into[name] } : {}
  assign(inner, rest.join('.'), value)
  into[name] = inner
}

function readValue(kind: FlagKind, name: string, given: unknown): unknown {
  if (kind === 'text' || kind === 'switch') return given
  if (kind === 'port' && given === 'none') return 'none'
  const number = given === 'Infinity' ? Number.POSITIVE_INFINITY : Number(given)
  const fits = kind === 'port' ? Number.isInteger(number) && number >= 0 && number <= 65_535 : number > 0
  if (given === '' || !fits)
    throw new CliError('cli/usage', `--${name} wants a ${kind === 'port' ? 'port' : 'positive number'}`)
  return kind === 'seconds' ? number * 1000 : number
}

function settle(top: Record<string, unknown>, sections: Sections): ServeSettings {
  const text = (name: string) => (typeof top[name] === 'string' ? top[name] : undefined)
  const port = (name: string, standard: number | 'none') =>
    (top[name] as number | 'none' | undefined) ?? standard
  const allowPlaintext = top.allowPlaintext === true
  const host = text('host') ?? (allowPlaintext ? '127.0.0.1' : undefined)
  if (allowPlaintext && !/^(127\.|::1$|localhost$)/.test(host ?? '')) {
    throw new CliError(
      'cli/usage',
      '--allow-plaintext is for loopback addresses only; leave out --host, or use 127.0.0.1',
    )
  }
  const logLevel = text('logLevel') ?? 'info'
  if (!['debug', 'info', 'warn', 'error'].includes(logLevel)) {
    throw new CliError('cli/usage', `--log-level is debug, info, warn or error, not ${logLevel}`)
  }
  if ((text('tlsCert') === undefined) !== (text('tlsKey') === undefined)) {
    throw new CliError('cli/usage', '--tls-cert and --tls-key go together')
  }
  return {
    domains: domainsOf(top.domain),
    host,
    c2sPort: port('c2sPort', 5222),
    tlsPort: port('tlsPort', 5223),
    httpsPort: port('httpsPort', 'none'),
    httpPort: port('httpPort', 'none'),
    pagePort: port('pagePort', 'none'),
    tlsCert: text('tlsCert'),
    tlsKey: text('tlsKey'),
    data: text('data') ?? './xmppkit-data',
    databaseUrl: text('databaseUrl'),
    logLevel: logLevel as ServeSettings['logLevel'],
    pidFile: text('pidFile'),
    allowPlaintext,
    sections,
  }
}

function domainsOf(given: unknown): readonly string[] {
  if (given === undefined) return ['localhost']
  const domains: unknown[] = Array.isArray(given) ? given : [given]
  if (domains.length > 0 && domains.every((domain) => typeof domain === 'string')) return domains as string[]
  throw new CliError('cli/config', 'domains must be a list of names')
}

function camel(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
