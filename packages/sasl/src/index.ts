/**
 * SASL mechanisms as state machines over bytes, both sides: SCRAM-SHA-1, -256, -512, PLAIN, ANONYMOUS.
 *
 * @packageDocumentation
 */
export {}
