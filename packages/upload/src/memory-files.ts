import { UploadError } from './errors.js'
import type { FileStore } from './ports.js'

/** Settings of {@link createMemoryFiles}. */
export interface MemoryFilesOptions {
  /**
   * What all files may take together, in bytes; one more is refused with `upload/full`.
   *
   * @default 268_435_456
   */
  readonly maxBytes?: number
}

/** Defaults of {@link MemoryFilesOptions}. */
export const memoryFilesDefaults: Readonly<Required<MemoryFilesOptions>> = Object.freeze({
  maxBytes: 256 * 1024 * 1024,
})

/** Keeps files in memory, for tests and trials: they end with the process. */
export function createMemoryFiles(options: MemoryFilesOptions = {}): FileStore {
  const { maxBytes } = { ...memoryFilesDefaults, ...options }
  const files = new Map<string, Buffer>()
  let taken = 0

  const remove = async (name: string) => {
    taken -= files.get(name)?.length ?? 0
    return files.delete(name)
  }
  const collect = async (body: AsyncIterable<Uint8Array>, size: number, signal: AbortSignal | undefined) => {
    const chunks: Uint8Array[] = []
    let length = 0
    for await (const chunk of body) {
      signal?.throwIfAborted()
      length += chunk.length
      if (length > size) break
      chunks.push(chunk)
    }
    if (length !== size) throw new UploadError('upload/wrong-size', `the file is not ${size} bytes long`)
    return Buffer.concat(chunks)
  }

  return {
    async write(name, { size, body, signal }) {
      if (taken + size > maxBytes) {
        throw new UploadError('upload/full', `files in memory take ${maxBytes} bytes at most`)
      }
      // Counted before they are here, or many at once would take more than there is.
      taken += size
      try {
        const whole = await collect(body, size, signal)
        signal?.throwIfAborted()
        taken -= files.get(name)?.length ?? 0
        files.set(name, whole)
      } catch (error) {
        taken -= size
        throw error
      }
    },
    async read(name, range) {
      const whole = files.get(name)
      if (whole === undefined) return undefined
      const bytes = range === undefined ? whole : whole.subarray(range.first, range.last + 1)
      return {
        body: (async function* () {
          yield bytes
        })(),
      }
    },
    remove,
  }
}
