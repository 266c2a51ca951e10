/**
 * One test suite for every port: run it against your own store, registry or transport.
 *
 * @packageDocumentation
 */
export {}
