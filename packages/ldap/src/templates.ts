import type { BareJid } from '@xmppkit/jid'

/** A filter for an account; nothing in its name can change what is searched for (RFC 4515 §3). */
export function filterFor(template: string, account: BareJid): string {
  return filled(template, account, (text) =>
    text.replace(/[\\*()\0]/g, (one) => `\\${hex(one.charCodeAt(0))}`),
  )
}

/** The name of an account's entry; nothing in the account's name can lead to another place (RFC 4514 §2.4). */
export function dnFor(template: string, account: BareJid): string {
  return filled(template, account, (text) =>
    [...text].map((one) => (/[A-Za-z0-9._-]/.test(one) ? one : escapedBytes(one))).join(''),
  )
}

function filled(template: string, { local, domain }: BareJid, escaped: (text: string) => string): string {
  return template.replace(/\{(local|domain)\}/g, (_, name: string) =>
    escaped(name === 'local' ? local : domain),
  )
}

function escapedBytes(text: string): string {
  return [...Buffer.from(text, 'utf8')].map((byte) => `\\${hex(byte)}`).join('')
}

const hex = (byte: number): string => byte.toString(16).padStart(2, '0')
