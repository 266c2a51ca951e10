import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress as compress, constants } from 'node:zlib'

const brotli = promisify(compress)

/** A file that may be read by everybody. */
export interface StaticFile {
  /** Where it is. */
  readonly path: string
  /** How long browsers keep it without asking, in seconds. */
  readonly maxAgeSeconds: number
}

interface Loaded {
  readonly bytes: Buffer
  readonly packed: Buffer | undefined
  readonly etag: string
}

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.ttf': 'font/ttf',
  '.mp3': 'audio/mpeg',
  '.ogg': 'audio/ogg',
}
const packable = /^text\/|json|svg|ttf/

/**
 * Sends files out of memory, where they are kept once somebody asked for them, packed too. What can be asked for is up to the
 * caller, and bounds what is kept.
 */
export function createStaticFiles() {
  const kept = new Map<string, Promise<Loaded>>()

  const load = (path: string, type: string) => {
    const known = kept.get(path)
    if (known !== undefined) return known
    const loading = read(path, type)
    kept.set(path, loading)
    loading.catch(() => kept.delete(path))
    return loading
  }

  return {
    /** Answers a GET or HEAD. Rejects when the file cannot be read. */
    async send(
      { path, maxAgeSeconds }: StaticFile,
      headers: Readonly<Record<string, string>>,
      request: IncomingMessage,
      response: ServerResponse,
    ): Promise<void> {
      const type = types[extname(path)] ?? 'application/octet-stream'
      const { bytes, packed, etag } = await load(path, type)
      const isPacked = packed !== undefined && /\bbr\b/.test(String(request.headers['accept-encoding'] ?? ''))
      const cached = {
        ...headers,
        ETag: etag,
        Vary: 'Accept-Encoding',
        'Cache-Control': `max-age=${maxAgeSeconds}`,
      }
      if (request.headers['if-none-match'] === etag) {
        response.writeHead(304, cached).end()
        return
      }
      const body = isPacked ? packed : bytes
      response.writeHead(200, {
        ...cached,
        'Content-Type': type,
        'Content-Length': body.length,
        ...(isPacked && { 'Content-Encoding': 'br' }),
      })
      response.end(request.method === 'HEAD' ? undefined : body)
    },
  }
}

async function read(path: string, type: string): Promise<Loaded> {
  const bytes = await readFile(path)
  const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`
  const params = { [constants.BROTLI_PARAM_QUALITY]: 5 }
  return { bytes, etag, packed: packable.test(type) ? await brotli(bytes, { params }) : undefined }
}
