/**
 * Dispatches IQ requests to typed handlers and tracks requests of our own.
 *
 * @packageDocumentation
 */
export {}
