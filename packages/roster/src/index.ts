/**
 * Contact lists, subscriptions and presence (RFC 6121 §2-§4).
 *
 * @packageDocumentation
 */
export {}
