/**
 * Message Carbons (XEP-0280): every client of an account sees both sides of every conversation.
 *
 * @packageDocumentation
 */
export { type Carbons, type CarbonsDeps, type CarbonsSession, createCarbons } from './carbons.js'
export { type CarbonsOptions, carbonsDefaults } from './carbons-options.js'
export { type Direction, isEligible } from './eligible.js'
