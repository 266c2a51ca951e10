/**
 * The client session, still without sockets: stream, authentication, binding, addressing rules, outbox.
 *
 * @packageDocumentation
 */
export {}
