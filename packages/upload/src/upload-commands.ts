import {
  account,
  boolean,
  type Commands,
  defineCommand,
  domain,
  integer,
  list,
  record,
  text,
  time,
} from '@xmppkit/commands'
import { disposable } from '@xmppkit/runtime'
import type { Upload } from './upload.js'

/** What {@link registerUploadCommands} needs. */
export interface UploadCommandsDeps {
  /** Where commands are registered. */
  readonly commands: Pick<Commands, 'register'>
  /** What they act on. */
  readonly upload: Pick<Upload, 'list' | 'remove'>
}

const tags = ['upload']
const maxListed = 1000

/**
 * Registers the commands about uploaded files: `list_uploads` and `delete_upload`.
 *
 * @example
 * ```ts
 * scope.use(registerUploadCommands({ commands, upload }))
 * ```
 */
export function registerUploadCommands({ commands, upload }: UploadCommandsDeps): Disposable {
  const size = integer({ min: 0 })
  const registered = [
    commands.register(
      defineCommand({
        name: 'list_uploads',
        tags,
        policy: 'user',
        description: 'Lists the files an account has uploaded, those that go first first',
        args: { account: account() },
        result: list(
          record({ id: text(), filename: text(), size, type: text(), state: text(), created_at: time() }),
          {
            max: maxListed,
          },
        ),
        run: async (args) =>
          (await upload.list(args.account, maxListed)).map(({ id, file }) => ({
            id,
            filename: file.filename,
            size: file.size,
            type: file.type,
            state: file.state,
            created_at: file.createdAt,
          })),
      }),
    ),
    commands.register(
      defineCommand({
        name: 'delete_upload',
        tags,
        description: 'Removes an uploaded file',
        args: {
          host: domain(),
          id: text({ maxLength: 200, description: 'its id, as list_uploads tells it' }),
        },
        result: boolean(),
        run: ({ host, id }) => upload.remove(host, id),
      }),
    ),
  ]
  return disposable(() => {
    for (const one of registered) one[Symbol.dispose]()
  })
}
