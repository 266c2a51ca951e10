import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Clock, systemClock } from '@xmppkit/runtime'
import { type FileStore, UploadError } from '@xmppkit/upload'
import { exactLength } from './exact-length.js'
import { assertSafe } from './file-name.js'

/** Settings of {@link createFolderFiles}. */
export interface FolderFilesOptions {
  /** The folder; it is made when the first file comes. */
  readonly path: string
  /**
   * Tells how old what a killed process left is.
   *
   * @default the system's clock
   */
  readonly clock?: Pick<Clock, 'now'>
}

const partsFolder = '.parts'
/** No upload takes so long: what is older was left by a process that was killed. */
const abandonedMs = 24 * 60 * 60 * 1000

/**
 * Keeps files in a folder, one for each domain in it. A file is written beside and moved to its place when it is whole and on
 * disk, so that nobody ever reads half of one.
 *
 * @example
 * ```ts
 * const store = createFolderFiles({ path: '/var/lib/xmppkit/files' })
 * ```
 */
export function createFolderFiles({ path: folder, clock = systemClock }: FolderFilesOptions): FileStore {
  const parts = join(folder, partsFolder)
  const placeOf = (name: string) => {
    assertSafe(name)
    return join(folder, name)
  }
  let prepared: Promise<void> | undefined
  const prepare = () => {
    prepared ??= makeParts(parts, clock.now() - abandonedMs).catch((error: unknown) => {
      prepared = undefined
      throw error
    })
    return prepared
  }

  return {
    async write(name, { size, body, signal }) {
      const place = placeOf(name)
      await prepare()
      const part = join(parts, randomUUID())
      try {
        await writeDurably(part, exactLength(body, size, signal))
        await mkdir(dirname(place), { recursive: true })
        await rename(part, place)
      } catch (error) {
        await rm(part, { force: true })
        throw codeOf(error) === 'ENOSPC'
          ? new UploadError('upload/full', 'the disk is full', { cause: error })
          : error
      }
    },
    async read(name, range) {
      const handle = await unlessMissing(open(placeOf(name), 'r'))
      if (handle === undefined) return undefined
      const limits = range && { start: range.first, end: range.last }
      return { body: createReadStream('', { fd: handle, ...limits }) }
    },
    async remove(name) {
      const removed = await unlessMissing(rm(placeOf(name)).then(() => true))
      return removed ?? false
    },
  }
}

async function makeParts(parts: string, abandonedBefore: number): Promise<void> {
  await mkdir(parts, { recursive: true })
  for (const name of await readdir(parts)) {
    const part = join(parts, name)
    const { mtimeMs } = await stat(part)
    if (mtimeMs < abandonedBefore) await rm(part, { force: true })
  }
}

async function writeDurably(path: string, body: AsyncIterable<Uint8Array>): Promise<void> {
  const handle = await open(path, 'wx', 0o640)
  try {
    for await (const chunk of body) await handle.writeFile(chunk)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException | undefined)?.code

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}
