import { isXmppkitError } from '@xmppkit/runtime'

/** Accounts somebody else keeps cannot be changed: what is ours about them is erased all the same. */
export async function unlessReadOnly<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (isXmppkitError(error, 'auth/read-only')) return undefined
    throw error
  }
}
