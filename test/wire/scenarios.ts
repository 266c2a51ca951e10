import { readdirSync, readFileSync } from 'node:fs'
import { AccountsService } from '@xmppkit/auth/module'
import { parseJid } from '@xmppkit/jid'
import { playWireScript, type WireClient } from '@xmppkit/testing'
import type { RawElement } from '@xmppkit/xml'
import { domains, type Place } from './ways.js'

/** A conversation, as told in a file of `scenarios/`. */
export interface Scenario {
  readonly title: string
  readonly script: string
}

/** Who lives where. */
export type Cast = (name: string) => string

const montagues = ['romeo', 'benvolio', 'mercutio', 'balthasar', 'noone']

/** The two houses, each at its own domain. */
export const twoDomains: Cast = (name) => (montagues.includes(name) ? domains[1] : domains[0])

/** Everybody under one roof. */
export const oneDomain: Cast = () => domains[0]

/** Nobody has registered these: they do not exist, or do so themselves. */
const withoutAccount = ['nobody', 'noone', 'newcomer']
const password = 'r0m30'
const folder = new URL('scenarios/', import.meta.url)
let plays = 0

/**
 * All scenarios, by file. In a file, `== title` begins a scenario and `#` a comment.
 *
 * People are named without a domain: `juliet` and `juliet-phone` are two resources of one account, which
 * exists when a scenario mentions it. `{bare:…}`, `{jid:…}`, `{domain:…}`, `{user:…}` and `{password}` are
 * filled in whether or not somebody is connected.
 */
export function readScenarios(): ReadonlyMap<string, readonly Scenario[]> {
  const files = readdirSync(folder).filter((file) => file.endsWith('.wire'))
  return new Map(files.sort().map((file) => [file, scenariosIn(readFileSync(new URL(file, folder), 'utf8'))]))
}

function scenariosIn(text: string): Scenario[] {
  const [, ...parts] = text.split(/^== /m)
  return parts.map((part) => {
    const [title = '', ...lines] = part.split('\n')
    return { title, script: lines.join('\n') }
  })
}

/** Plays a scenario with accounts of its own. */
export async function playScenario({ script }: Scenario, place: Place, cast: Cast): Promise<void> {
  plays += 1
  const account = (name: string) => {
    const person = name.split('-')[0]!
    return { username: `${person}.${plays}`, domain: cast(person) }
  }
  const resource = (name: string) => name.split('-')[1] ?? 'main'
  const bare = (name: string) => `${account(name).username}@${account(name).domain}`
  const filled = script
    .replace(/\{bare:([\w-]+)\}/g, (_, name: string) => bare(name))
    .replace(/\{jid:([\w-]+)\}/g, (_, name: string) => `${bare(name)}/${resource(name)}`)
    .replace(/\{domain:([\w-]+)\}/g, (_, name: string) => account(name).domain)
    .replace(/\{user:([\w-]+)\}/g, (_, name: string) => account(name).username)
    .replaceAll('{password}', password)

  for (const person of peopleIn(script)) {
    if (!withoutAccount.includes(person)) await register(place, bare(person))
  }
  const dial = (name: string) => place.dial(account(name).domain)
  const login = (name: string) => ({ username: account(name).username, password, resource: resource(name) })
  const featuresOf = new Map<WireClient, RawElement>()
  await playWireScript(filled, {
    async connect(name) {
      const client = dial(name)
      await client.login(login(name))
      return client
    },
    async dial(name) {
      const client = dial(name)
      featuresOf.set(client, await client.secure())
      return client
    },
    login: (name, client) => client.login(login(name), featuresOf.get(client)),
  })
}

function peopleIn(script: string): Set<string> {
  const named = [...script.matchAll(/^\s*([\w, -]+) (?:connects|dials)$|\{(?:bare|jid|user):([\w-]+)\}/gm)]
  const names = named.flatMap((match) => (match[1] ?? match[2])!.split(', '))
  return new Set(names.map((name) => name.split('-')[0]!))
}

async function register({ server }: Place, address: string): Promise<void> {
  const { bare } = parseJid(address)
  const host = [...server.hosts.values()].find((one) => one.domains.has(bare.domain))
  await host?.get(AccountsService).register(bare, password)
}
