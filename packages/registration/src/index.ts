/**
 * In-band registration (XEP-0077): accounts created, changed and deleted by the people they belong to.
 * Creating is off unless asked for.
 *
 * @packageDocumentation
 */
export {
  type RegisterPayload,
  registerGet,
  registerQuery,
  registerSet,
} from './register-payload.js'
export { createRegistration, type Registration, type RegistrationDeps } from './registration.js'
export { type RegistrationOptions, registrationDefaults } from './registration-options.js'
