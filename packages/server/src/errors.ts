import { XmppkitError } from '@xmppkit/runtime'

/**
 * What can go wrong when a server is put together.
 *
 * - `server/options`: an option does not exist or has a value it cannot have.
 * - `server/no-host`: no host has that name, or serves that domain.
 * - `server/domain-taken`: another host serves the domain already.
 */
export class ServerError extends XmppkitError<'server/options' | 'server/no-host' | 'server/domain-taken'> {}
