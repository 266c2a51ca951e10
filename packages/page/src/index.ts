/**
 * A page that shows what is running, and a chat in the browser with Converse.js.
 *
 * @packageDocumentation
 */
export { PageError } from './errors.js'
export { createPage, type PageDeps } from './page.js'
export { type PageOptions, pageDefaults } from './page-options.js'
export type { OpenPort, ServerFacts } from './server-facts.js'
