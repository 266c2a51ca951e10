import { systemClock } from '@xmppkit/runtime'
import type { FileStore } from '@xmppkit/upload'
import { AwsClient } from 'aws4fetch'
import { FileStorageError } from './errors.js'
import { exactLength } from './exact-length.js'
import { assertSafe } from './file-name.js'

/** Settings of {@link createS3Files}. */
export interface S3FilesOptions {
  /** URL of the object store, such as `https://s3.eu-central-1.amazonaws.com` or your own. */
  readonly endpoint: string
  /** The bucket; it must be there. Nobody but this server should be able to read it. */
  readonly bucket: string
  /** Name of the key. */
  readonly accessKeyId: string
  /** The key itself. */
  readonly secretAccessKey: string
  /**
   * The region requests are signed for.
   *
   * @default 'us-east-1'
   */
  readonly region?: string
  /**
   * What names in the bucket begin with, such as `uploads/`.
   *
   * @default ''
   */
  readonly prefix?: string
  /**
   * Longest wait for an answer of the store, in milliseconds; a file itself may take as long as who sends or gets it.
   *
   * @default 30_000
   */
  readonly timeoutMs?: number
}

/** Defaults of {@link S3FilesOptions}. */
export const s3FilesDefaults = Object.freeze({ region: 'us-east-1', prefix: '', timeoutMs: 30_000 })

interface Call {
  readonly headers?: Record<string, string>
  readonly body?: AsyncIterable<Uint8Array>
  readonly signal?: AbortSignal | undefined
}

/**
 * Keeps files in a bucket of an S3-compatible object store, addressed by path. Bytes pass through and are never all in memory.
 *
 * @example
 * ```ts
 * const store = createS3Files({ endpoint: 'https://s3.example', bucket: 'chat', accessKeyId, secretAccessKey })
 * ```
 */
export function createS3Files(options: S3FilesOptions): FileStore {
  const { endpoint, bucket, accessKeyId, secretAccessKey, region, prefix, timeoutMs } = {
    ...s3FilesDefaults,
    ...options,
  }
  // A body that has been sent cannot be sent again, so nothing is retried here.
  const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: 's3', retries: 0 })
  const base = `${endpoint.replace(/\/+$/, '')}/${encodeURIComponent(bucket)}/${prefix}`

  const call = async (method: string, name: string, { headers = {}, body, signal }: Call = {}) => {
    assertSafe(name)
    const { url, headers: signed } = await client.sign(`${base}${name}`, { method, headers })
    const late = new AbortController()
    // The answer alone is waited for so long: whoever is given a file may take as long as it likes over it.
    using _timer = systemClock.after(timeoutMs, () => {
      late.abort(new DOMException(`no answer within ${timeoutMs} ms`, 'TimeoutError'))
    })
    const response = await fetch(url, {
      method,
      headers: { ...Object.fromEntries(signed), ...headers },
      signal: signal ?? late.signal,
      ...(body && { body: ReadableStream.from(body), duplex: 'half' }),
    })
    if (response.ok || response.status === 404) return response
    await response.body?.cancel()
    throw new FileStorageError(
      'file-storage/refused',
      `the object store answered ${method} with ${response.status} ${response.statusText}`,
    )
  }

  return {
    async write(name, { size, type, body, signal }) {
      const failed: unknown[] = []
      const headers = { 'content-length': String(size), 'content-type': type }
      const counted = remember(exactLength(body, size, signal), failed)
      try {
        const response = await call('PUT', name, { headers, body: counted, signal: signal ?? neverAborted() })
        await response.body?.cancel()
        if (response.ok) return
      } catch (error) {
        // What broke the request is worth more than that it was broken.
        throw failed[0] ?? error
      }
      throw new FileStorageError('file-storage/refused', `the object store has no bucket ${bucket}`)
    },
    async read(name, range) {
      const headers = range && { range: `bytes=${range.first}-${range.last}` }
      const { ok, body } = await call('GET', name, { ...(headers && { headers }) })
      if (ok) return { body: body ?? nothing() }
      await body?.cancel()
      return undefined
    },
    async remove(name) {
      const { ok } = await call('HEAD', name)
      if (ok) await (await call('DELETE', name)).body?.cancel()
      return ok
    },
  }
}

const neverAborted = () => new AbortController().signal

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function* remember(body: AsyncIterable<Uint8Array>, failed: unknown[]): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (error) {
    failed.push(error)
    throw error
  }
}
