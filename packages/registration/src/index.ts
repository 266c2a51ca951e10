/**
 * In-band registration (XEP-0077), off unless asked for.
 *
 * @packageDocumentation
 */
export {}
