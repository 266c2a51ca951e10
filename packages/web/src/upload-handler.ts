import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Clock, Logger } from '@xmppkit/runtime'
import { type FileAddress, type Upload, UploadError, type UploadErrorCode } from '@xmppkit/upload'
import { exemptFromRequestTimeout } from './request-timeout.js'
import { etagOf, fileHeaders, preflight, rangeOf, sharedWithAll } from './upload-headers.js'
import { type UploadHandlerOptions, uploadHandlerDefaults } from './upload-options.js'
import { pathOf, type RequestHandler, type WebHandler } from './web-handler.js'

/** Collaborators of {@link createUploadHandler}. */
export interface UploadHandlerDeps {
  /** The uploads of the host that serves a domain; `undefined` if none does. */
  readonly uploadOf: (domain: string) => Pick<Upload, 'receive' | 'find'> | undefined
  /** Ends uploads that come no further. */
  readonly clock: Pick<Clock, 'now' | 'after'>
  /** Told what goes wrong. */
  readonly logger: Logger
}

const statusOf: Readonly<Record<UploadErrorCode, number>> = {
  'upload/no-file': 404,
  'upload/taken': 409,
  'upload/wrong-size': 400,
  'upload/wrong-type': 415,
  'upload/full': 507,
}

/**
 * Takes and gives the files of `@xmppkit/upload` over HTTP (XEP-0363 §7): PUT once, GET and HEAD with ranges, OPTIONS for pages
 * of other origins. Bytes go through with back-pressure, and no file is ever run by a browser in this site's name.
 *
 * @example
 * ```ts
 * web.add(createUploadHandler({ uploadOf: () => upload, clock, logger }))
 * ```
 */
export function createUploadHandler(
  deps: UploadHandlerDeps,
  options: UploadHandlerOptions = {},
): WebHandler & { readonly handleRequest: RequestHandler } {
  const settings = Object.freeze({ ...uploadHandlerDefaults, ...options })
  const prefix = `${settings.path.replace(/\/+$/, '')}/`
  const receive = createReceiver(deps, settings)

  const serve = async (request: IncomingMessage, response: ServerResponse, path: string) => {
    if (request.method === 'OPTIONS') {
      response.writeHead(204, preflight).end()
      return
    }
    const address = addressOf(path)
    const upload = address && deps.uploadOf(address.domain)
    if (address === undefined || upload === undefined) return answer(request, response, 404)
    if (request.method === 'PUT') return receive(upload, address, request, response)
    if (request.method === 'GET' || request.method === 'HEAD') {
      return give({ ...deps, idleTimeoutMs: settings.idleTimeoutMs }, upload, address, request, response)
    }
    answer(request, response, 405, { Allow: 'GET, HEAD, OPTIONS, PUT' })
  }

  return {
    handleRequest(request, response) {
      const path = pathOf(request)
      if (!path.startsWith(prefix)) return false
      serve(request, response, path.slice(prefix.length)).catch((cause: unknown) => {
        deps.logger.error('a request for a file failed', { method: request.method, cause })
        if (response.headersSent) response.destroy()
        else answer(request, response, 500)
      })
      return true
    },
  }
}

/** Reads `domain/id/filename`. */
function addressOf(path: string): FileAddress | undefined {
  const parts = path.split('/')
  if (parts.length !== 3) return undefined
  try {
    const [domain = '', id = '', filename = ''] = parts.map(decodeURIComponent)
    return domain === '' || id === '' || filename === '' ? undefined : { domain, id, filename }
  } catch {
    return undefined
  }
}

/** Answers without a file. What is left of a body is not waited for. */
function answer(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>> = {},
  text = '',
): void {
  const closing: Record<string, string> = request.complete ? {} : { Connection: 'close' }
  response
    .writeHead(status, { ...sharedWithAll, 'Content-Type': 'text/plain', ...closing, ...headers })
    .end(text)
}

function createReceiver({ clock, logger }: UploadHandlerDeps, settings: Required<UploadHandlerOptions>) {
  const { maxUploads, idleTimeoutMs, maxUploadMs } = settings
  let running = 0

  const store = async (
    upload: Pick<Upload, 'receive'>,
    address: FileAddress,
    request: IncomingMessage,
    size: number,
  ) => {
    const type = request.headers['content-type']
    exemptFromRequestTimeout(request)
    using deadline = new Deadline(clock, idleTimeoutMs, maxUploadMs, request)
    const body = deadline.watch(request)
    await upload.receive(address, {
      size,
      body,
      signal: deadline.signal,
      ...(type !== undefined && { type }),
    })
  }

  return async (
    upload: Pick<Upload, 'receive'>,
    address: FileAddress,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> => {
    const length = request.headers['content-length']
    if (length === undefined) return answer(request, response, 411)
    if (running >= maxUploads) return answer(request, response, 503, { 'Retry-After': '30' })
    running += 1
    try {
      await store(upload, address, request, Number(length))
      answer(request, response, 201)
    } catch (error) {
      if (error instanceof UploadError) {
        answer(request, response, statusOf[error.code], {}, `${error.message}\n`)
      } else if (request.destroyed && !request.complete) {
        // Nobody is there to be answered.
        logger.debug('an upload broke off', { cause: error })
      } else throw error
    } finally {
      running -= 1
    }
  }
}

/** Ends an upload that comes no further. */
class Deadline implements Disposable {
  readonly #clock: Pick<Clock, 'after'>
  readonly #idleMs: number
  readonly #stop = new AbortController()
  readonly #end: () => void
  readonly #last: Disposable
  #idle: Disposable

  constructor(clock: Pick<Clock, 'after'>, idleMs: number, maxMs: number, request: IncomingMessage) {
    this.#clock = clock
    this.#idleMs = idleMs
    this.#end = () => {
      const error = new Error('the upload took too long')
      this.#stop.abort(error)
      request.destroy(error)
    }
    this.#idle = clock.after(idleMs, this.#end)
    this.#last = clock.after(maxMs, this.#end)
  }

  get signal(): AbortSignal {
    return this.#stop.signal
  }

  /** Passes bytes on; each of them is a sign of life. */
  async *watch(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      this.#idle[Symbol.dispose]()
      yield chunk
      this.#idle = this.#clock.after(this.#idleMs, this.#end)
    }
  }

  [Symbol.dispose](): void {
    this.#idle[Symbol.dispose]()
    this.#last[Symbol.dispose]()
  }
}

async function give(
  { clock, idleTimeoutMs }: Pick<UploadHandlerDeps, 'clock'> & { readonly idleTimeoutMs: number },
  upload: Pick<Upload, 'find'>,
  address: FileAddress,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const file = await upload.find(address)
  if (file === undefined) return answer(request, response, 404)
  const headers = fileHeaders(file, address.id, clock.now())
  const { range: asked, 'if-range': unchanged, 'if-none-match': known } = request.headers
  const etag = etagOf(address.id)
  if (known === etag) {
    response.writeHead(304, headers).end()
    return
  }
  const range = unchanged === undefined || unchanged === etag ? rangeOf(asked, file.size) : undefined
  if (range === 'none') return answer(request, response, 416, { 'Content-Range': `bytes */${file.size}` })
  const { first, last } = range ?? { first: 0, last: file.size - 1 }
  if (range) headers['Content-Range'] = `bytes ${first}-${last}/${file.size}`
  headers['Content-Length'] = String(last - first + 1)
  const status = range ? 206 : 200
  if (request.method === 'HEAD') {
    response.writeHead(status, headers).end()
    return
  }
  const content = await file.open(range)
  if (content === undefined) return answer(request, response, 404)
  response.writeHead(status, headers)
  const body = watched(content.body, clock, idleTimeoutMs, () => response.destroy())
  await pipeline(body, response).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error
  })
}

/** Passes bytes on, and ends it with somebody who does not take them. */
async function* watched(
  body: AsyncIterable<Uint8Array>,
  clock: Pick<Clock, 'after'>,
  idleMs: number,
  end: () => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    using _idle = clock.after(idleMs, end)
    yield chunk
  }
}
