/**
 * Routes stanzas by destination domain; every stanza has exactly one outcome.
 *
 * @packageDocumentation
 */
export {}
