import { FileStorageError } from './errors.js'

const segment = '[A-Za-z0-9_-][A-Za-z0-9._-]*'
const safeName = new RegExp(`^${segment}(?:/${segment})*$`)

/** Names come from the server itself; that none can lead elsewhere must not depend on it (SEC-27). */
export function assertSafe(name: string): void {
  if (name.length <= 512 && safeName.test(name)) return
  throw new FileStorageError('file-storage/bad-name', `${JSON.stringify(name)} is no name for a kept file`)
}
