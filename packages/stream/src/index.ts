/**
 * The XMPP stream engine (RFC 6120 §4) without sockets: bytes in, events out, both sides.
 *
 * @packageDocumentation
 */
export {}
