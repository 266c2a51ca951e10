/**
 * The two storage archetypes, key-value and log, and their in-memory versions.
 *
 * @packageDocumentation
 */
export {}
