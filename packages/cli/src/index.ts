/**
 * The `xmppkit` command: starts a server, and has a running one carry out commands.
 *
 * @packageDocumentation
 */
export { CliError } from './errors.js'
export { main, type Terminal } from './main.js'
