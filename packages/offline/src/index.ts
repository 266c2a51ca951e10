/**
 * Messages for people who are away: stored durably, delivered in order, deleted when handed over.
 *
 * @packageDocumentation
 */
export {}
