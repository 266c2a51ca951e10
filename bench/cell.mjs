// @ts-check
// A cell: one load with its options, and the figures to take from its result.

/**
 * @typedef {object} Figure
 * @property {string} label
 * @property {string} unit
 * @property {(result: any) => number | undefined} of
 * @property {boolean} [compare] a ratio to the other servers makes sense
 *
 * @typedef {object} Cell
 * @property {string} name
 * @property {string} title
 * @property {string} load
 * @property {Record<string, any>} options
 * @property {number} users accounts it needs
 * @property {Figure[]} figures
 * @property {(result: any) => string} [note] a sentence more about a result
 * @property {boolean} [fresh] wants a server process of its own
 * @property {boolean} [own] for xmppkit only
 * @property {number} [domains] how many the server serves
 * @property {string[]} [flags] further options of the server; only for xmppkit
 * @property {'cost' | 'login' | 'memory' | 'latency' | 'scale' | 'limits'} chart
 */

/** @param {string} label @param {string} unit @param {(result: any) => number | undefined} of */
export const figure = (label, unit, of, compare = true) => ({ label, unit, of, compare })
export const cpu = figure('CPU per operation', 'µs', (r) => r.usPerOp)
export const kibibytes = (/** @type {number} */ bytes) => bytes / 1024
export const mebibytes = (/** @type {number} */ bytes) => bytes / 2 ** 20
