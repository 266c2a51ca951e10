/**
 * Typed stanzas and payloads: views, codec combinators, errors, data forms, result sets, delay.
 *
 * @packageDocumentation
 */
export {}
