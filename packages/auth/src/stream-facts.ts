import { parseNetwork } from '@xmppkit/access'
import type { BareJid } from '@xmppkit/jid'
import type { ChannelBindings } from '@xmppkit/sasl'
import type { StreamState } from '@xmppkit/stream'
import { accountsOfCertificate } from './certificate-names.js'

/** The channel binding data of a stream's TLS connection, the strongest first. */
export function channelBindings({ tls }: StreamState): ChannelBindings {
  const bindings = new Map<string, Uint8Array>()
  if (tls?.exporter !== undefined) bindings.set('tls-exporter', tls.exporter)
  if (tls?.endPointHash !== undefined) bindings.set('tls-server-end-point', tls.endPointHash)
  return bindings
}

const none: readonly string[] = []
// A certificate is read once for a connection, not for every question.
const certified = new WeakMap<Uint8Array, readonly BareJid[]>()

/**
 * The accounts of the stream's domain the client has proved to be by other means: by a verified certificate that names them
 * (XEP-0178), or to whoever brought the connection.
 */
export function externalNames({ tls, domain, vouchedFor }: StreamState): readonly string[] {
  if (vouchedFor !== undefined) return vouchedFor.domain === domain ? [vouchedFor.local] : none
  const certificate = tls?.peerVerified === true ? tls.peerCertificate : undefined
  if (certificate === undefined) return none
  const accounts = certified.get(certificate) ?? accountsOfCertificate(certificate)
  certified.set(certificate, accounts)
  return accounts.filter((account) => account.domain === domain).map(({ local }) => local)
}

const loopback = [parseNetwork('127.0.0.0/8'), parseNetwork('::1')]

/** Whether an address is one of this machine. */
export function isLoopback(address: string): boolean {
  return loopback.some((network) => network.contains(address))
}
