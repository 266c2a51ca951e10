/**
 * Lifetimes, clock, ids, logger and the error base: the few things every block shares.
 *
 * @packageDocumentation
 */
export {}
