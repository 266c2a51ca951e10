import { account, CommandError, type Commands, defineCommand, nothing, text } from '@xmppkit/commands'
import { disposable } from '@xmppkit/runtime'
import { isStanzaError } from '@xmppkit/stanza'
import { parseElement, type RawElement, textFromWire } from '@xmppkit/xml'
import type { PrivateStorage } from './private-storage.js'

/** What {@link registerPrivateCommands} needs. */
export interface PrivateCommandsDeps {
  /** Where commands are registered. */
  readonly commands: Pick<Commands, 'register'>
  /** What they act on. */
  readonly storage: Pick<PrivateStorage, 'get' | 'set'>
}

const tags = ['private']
const policy = 'user'

/**
 * Registers the commands about private XML storage, under ejabberd's names: `private_get`, `private_set`.
 *
 * @example
 * ```ts
 * scope.use(registerPrivateCommands({ commands, storage }))
 * ```
 */
export function registerPrivateCommands({ commands, storage }: PrivateCommandsDeps): Disposable {
  const get = commands.register(
    defineCommand({
      name: 'private_get',
      tags,
      policy,
      description: 'Tells an element of the private storage of an account, as XML',
      args: {
        account: account(),
        element: text({ maxLength: 1023, description: 'its name, such as storage' }),
        ns: text({ maxLength: 4096, description: 'its namespace, such as storage:bookmarks' }),
      },
      result: text(),
      run: async (given) => {
        const kept = await storage.get(given.account, given.element, given.ns)
        if (kept) return textFromWire(kept.toWire())
        throw new CommandError('commands/not-found', `${given.account} keeps no such element`)
      },
    }),
  )
  const set = commands.register(
    defineCommand({
      name: 'private_set',
      tags,
      policy,
      description: 'Keeps an element in the private storage of an account',
      args: {
        account: account(),
        element: text({ maxLength: 65_536, description: 'XML, namespace included' }),
      },
      result: nothing(),
      run: async (given) => {
        try {
          await storage.set(given.account, [read(given.element)])
        } catch (error) {
          if (!isStanzaError(error)) throw error
          throw new CommandError('commands/conflict', error.message, { cause: error })
        }
      },
    }),
  )
  return disposable(() => {
    set[Symbol.dispose]()
    get[Symbol.dispose]()
  })
}

function read(xml: string): RawElement {
  try {
    return parseElement(xml)
  } catch (cause) {
    throw new CommandError('commands/bad-argument', 'element is not XML', { cause })
  }
}
