/**
 * Typed, ordered hooks: events that tell everyone, filters that may change or stop a value.
 *
 * @packageDocumentation
 */
export {}
