/**
 * The registry of connected resources and the delivery rules of RFC 6121 §8.
 *
 * @packageDocumentation
 */
export {}
