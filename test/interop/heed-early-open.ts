// The clients of test/clients are plain JavaScript, as they run without a build.
export { heedEarlyOpen } from './heed-early-open.mjs'
