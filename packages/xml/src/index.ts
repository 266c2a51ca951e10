/**
 * A strict, incremental reader and a safe writer for XMPP streams (RFC 6120 §11), over ltx elements built only when asked.
 *
 * @packageDocumentation
 */
export {}
