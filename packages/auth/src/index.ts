/**
 * Authentication: SASL and bind as stream features over credential ports.
 *
 * @packageDocumentation
 */
export {}
