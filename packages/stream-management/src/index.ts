/**
 * Stream management (XEP-0198): acknowledgements, and sessions that outlive their connection.
 *
 * @packageDocumentation
 */

export {
  createStreamManagement,
  type Resumption,
  type StreamManagement,
  type StreamManagementDeps,
} from './stream-management.js'
export { type StreamManagementOptions, streamManagementDefaults } from './stream-management-options.js'
