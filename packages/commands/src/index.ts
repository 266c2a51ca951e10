/**
 * Typed administrative commands, declared once and callable from every front end.
 *
 * @packageDocumentation
 */
export {}
