/**
 * Service discovery (XEP-0030) and entity capabilities (XEP-0115).
 *
 * @packageDocumentation
 */
export {}
