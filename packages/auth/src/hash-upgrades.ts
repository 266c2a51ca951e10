import { randomBytes } from 'node:crypto'
import {
  encodeBase64,
  type ScramHash,
  type ScramHasher,
  scramVerifierOf,
  tryDecodeBase64Strict,
} from '@xmppkit/sasl'
import { SaslFailure } from '@xmppkit/stanza'
import { Element, type RawElement } from '@xmppkit/xml'
import type { InlineContext } from './inline-features.js'
import type { LoginTask, TaskIo } from './login-tasks.js'
import type { AccountStore, StoredAccount } from './ports.js'

/** What {@link hashUpgrades} needs. */
export interface HashUpgradesDeps {
  /** Where the accounts are. */
  readonly store: Pick<AccountStore, 'get' | 'setCredentials'>
  /** Says how new hashes are made; it is the client that makes them. */
  readonly hasher: Pick<ScramHasher, 'iterations' | 'saltBytes'>
}

type Login = Omit<InlineContext, 'bound'>

const upgradeNs = 'urn:xmpp:sasl:upgrade:0'
const scramNs = 'urn:xmpp:scram-upgrade:0'

/** After everything that makes sure who it is. */
const afterFactors = 100

/**
 * Tasks by which clients bring their accounts hashes of SCRAM these have not, or have with fewer iterations (XEP-0480). All are
 * advertised to everybody: what is would tell who exists. Only a login that proves the password may set one, because
 * who has a token or a certificate must not get a password by it.
 */
export function hashUpgrades(deps: HashUpgradesDeps, hashes: readonly ScramHash[]): readonly LoginTask[] {
  return hashes.map((hash, at) => upgradeTask(deps, hash, afterFactors + at))
}

function upgradeTask({ store, hasher }: HashUpgradesDeps, hash: ScramHash, seq: number): LoginTask {
  const name = `UPGR-SCRAM-${hash}`
  const advertised = new Element('upgrade', { xmlns: upgradeNs }).t(name)
  const found = new WeakMap<Login, StoredAccount>()

  return {
    name,
    seq,
    advertise: () => advertised,
    async due(login) {
      if (!provesPassword(login.mechanism) || !asksFor(name, login.element)) return false
      const stored = await store.get(login.account)
      if (stored === undefined) return false
      const known = stored.scram.find((verifier) => verifier.hash === hash)
      found.set(login, stored)
      return known === undefined || known.iterations < hasher.iterations
    },
    async run(_next, io, login) {
      const stored = found.get(login)
      if (stored === undefined) throw new SaslFailure('temporary-auth-failure')
      const parameters = { hash, salt: randomBytes(hasher.saltBytes), iterations: hasher.iterations }
      const verifier = scramVerifierOf(await saltedPassword(io, parameters), parameters)
      const others = stored.scram.filter((one) => one.hash !== hash)
      // Another password meanwhile, or no such account any more: whoever this is, it is not up to date.
      if (!(await store.setCredentials(login.account, { scram: [...others, verifier] }, stored))) {
        throw new SaslFailure('temporary-auth-failure')
      }
    },
  }
}

/** EXTERNAL, OAUTHBEARER and tokens prove an account, and say nothing about its password. */
function provesPassword(mechanism: string): boolean {
  return mechanism === 'PLAIN' || mechanism.startsWith('SCRAM-')
}

function asksFor(task: string, authenticate: RawElement): boolean {
  return authenticate.children.some(
    ({ name, ns }, at) =>
      name === 'upgrade' && ns === upgradeNs && authenticate.childAt(at).text().trim() === task,
  )
}

async function saltedPassword(
  io: TaskIo,
  { hash, salt, iterations }: { hash: ScramHash; salt: Uint8Array; iterations: number },
): Promise<Uint8Array> {
  const wanted = new Element('salt', { xmlns: scramNs, iterations: String(iterations) }).t(encodeBase64(salt))
  const data = await io.ask(wanted)
  const answers = data.children.filter(({ name, ns }) => name === 'hash' && ns === scramNs)
  const text = answers.length === 1 ? data.childText('hash', scramNs) : undefined
  const salted = text === undefined ? undefined : tryDecodeBase64Strict(text.trim())
  if (salted?.byteLength === hashBytes[hash]) return salted
  throw new SaslFailure('malformed-request', { text: `no salted password of ${hash}` })
}

const hashBytes: Readonly<Record<ScramHash, number>> = { 'SHA-1': 20, 'SHA-256': 32, 'SHA-512': 64 }
