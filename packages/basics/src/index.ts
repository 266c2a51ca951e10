/**
 * Ping, software version, entity time, last activity and contact addresses.
 *
 * @packageDocumentation
 */
export {}
