import { createReadStream } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { ExportStore, OpenExport } from '@xmppkit/personal-data'
import { ServerError } from './errors.js'

/** Characters of an address that are none of a file name on every system. */
const unfit = /[^\p{L}\p{N}@._-]/gu
const maxNameLength = 200

/**
 * Keeps exports as files of a folder that only the owner of the process may read: each is named after the account or the domain,
 * and takes the place of an earlier one when it is complete.
 */
export function createExportFolder(directory: string): ExportStore {
  return {
    async create(name) {
      const file = `${name.replace(unfit, '_').slice(0, maxNameLength)}.xml`
      await mkdir(directory, { recursive: true, mode: 0o700 })
      return openFile(join(directory, file))
    },
    async open(name) {
      if (name === '' || name !== basename(name) || name === '..' || name.includes('\\')) {
        throw new ServerError('server/options', `${name} is not the name of a file among the exports`)
      }
      const file = await open(join(directory, name))
      return createReadStream('', { fd: file })
    },
  }
}

async function openFile(path: string): Promise<OpenExport> {
  const partial = `${path}.part`
  // Left by an export that was interrupted; made anew, so that nobody else has it open.
  await rm(partial, { force: true })
  const file = await open(partial, 'wx', 0o600)
  return {
    location: path,
    async write(text) {
      await file.appendFile(text)
    },
    async close() {
      await file.sync()
      await file.close()
      await rename(partial, path)
    },
    async abort() {
      await file.close()
      await rm(partial, { force: true })
    },
  }
}
