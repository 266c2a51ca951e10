/**
 * Access control lists, ordered access rules and shapers as plain data, with explanations.
 *
 * @packageDocumentation
 */
export {}
