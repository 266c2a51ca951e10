/**
 * The xmppkit command.
 *
 * @packageDocumentation
 */
export {}
