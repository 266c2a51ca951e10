import type { FileRange, UploadedFile } from '@xmppkit/upload'

/** Pages of any origin may upload and read: who knows an address may (XEP-0363 §9.1), and no cookie is asked for. */
export const sharedWithAll: Readonly<Record<string, string>> = Object.freeze({
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'Accept-Ranges, Content-Length, Content-Range, ETag',
})

/** The answer to a browser that asks before it uploads. */
export const preflight: Readonly<Record<string, string>> = Object.freeze({
  ...sharedWithAll,
  'Access-Control-Allow-Methods': 'GET, HEAD, OPTIONS, PUT',
  'Access-Control-Allow-Headers': 'Authorization, Content-Type, Range',
  'Access-Control-Max-Age': '7200',
})

const yearSeconds = 365 * 24 * 60 * 60
const mediaType = /^[\w.+-]{1,64}\/[\w.+-]{1,64}(?:; ?[\w-]{1,32}=[\w.+-]{1,64})*$/
// What a browser only shows. SVG runs scripts, and so may all else.
const shown = /^(?:image\/(?!svg)|audio\/|video\/|text\/plain\b)/

/** The headers of a file: whatever it is, no browser runs it in this site's name (SEC-27, XEP-0363 §10). */
export function fileHeaders(file: UploadedFile, id: string, now: number): Record<string, string> {
  const type = mediaType.test(file.type) ? file.type : 'application/octet-stream'
  const seconds = Math.min(yearSeconds, Math.max(0, Math.floor((file.expiresAt - now) / 1000)))
  return {
    ...sharedWithAll,
    'Content-Type': type,
    'Content-Disposition': `${shown.test(type) ? 'inline' : 'attachment'}; filename*=UTF-8''${extValue(file.filename)}`,
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'Referrer-Policy': 'no-referrer',
    'Accept-Ranges': 'bytes',
    'Cache-Control': `private, max-age=${seconds}, immutable`,
    ETag: etagOf(id),
  }
}

/** Files never change, so their id says it all. */
export const etagOf = (id: string): string => `"${id}"`

/** A value as RFC 8187 §3.2 writes it. */
const extValue = (text: string) =>
  encodeURIComponent(text).replace(/['()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)

/**
 * The range a `Range` header asks for (RFC 9110 §14.1.2): `undefined` for the whole file, also where several are asked for or
 * the header makes no sense; `'none'` if the file has no such bytes.
 */
export function rangeOf(header: string | undefined, size: number): FileRange | 'none' | undefined {
  const [, from, to] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '') ?? []
  if (from === undefined || to === undefined || (from === '' && to === '')) return undefined
  if (from === '') {
    const count = Math.min(Number(to), size)
    return count === 0 ? 'none' : { first: size - count, last: size - 1 }
  }
  const first = Number(from)
  const last = to === '' ? size - 1 : Math.min(Number(to), size - 1)
  if (to !== '' && Number(to) < first) return undefined
  return first >= size ? 'none' : { first, last }
}
