/**
 * Client State Indication (XEP-0352): what an idle client can do without waits until it is looked at again.
 *
 * @packageDocumentation
 */
export {
  type ClientState,
  type ClientStateDeps,
  createClientState,
  type StatefulSession,
} from './client-state.js'
export { type ClientStateOptions, clientStateDefaults } from './client-state-options.js'
export { type HoldingRules, holdingKey } from './importance.js'
