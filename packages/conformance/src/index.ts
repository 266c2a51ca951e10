/**
 * One test suite for every port: each is a function of its own subpath that registers vitest tests for an implementation.
 *
 * @packageDocumentation
 */
export type { OpenedStore, OpenStore } from './open-store.js'
