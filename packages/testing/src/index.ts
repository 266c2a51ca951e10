/**
 * Test doubles and clients for apps built on xmppkit: in-memory pipe, fake clock, wire scripts, matchers.
 *
 * @packageDocumentation
 */
export {}
