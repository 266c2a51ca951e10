/**
 * XMPP addresses (RFC 7622) with PRECIS preparation (RFC 8264, 8265), immutable and pinned to one Unicode version.
 *
 * @packageDocumentation
 */
export {}
