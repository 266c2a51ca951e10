/**
 * createServer(): a complete XMPP server, assembled from the blocks.
 *
 * @packageDocumentation
 */
export {}
