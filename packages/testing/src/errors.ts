import { XmppkitError } from '@xmppkit/runtime'

/**
 * What a test learns when the server did not do what was expected.
 *
 * - `testing/timeout`: nothing came within the time allowed.
 * - `testing/closed`: the stream ended while something was expected.
 * - `testing/mismatch`: something else came.
 * - `testing/unexpected`: something came where nothing should.
 * - `testing/login`: the login failed.
 * - `testing/clock`: the clock of the server cannot be turned.
 * - `testing/script`: a wire script has a line nobody understands.
 */
export class TestingError extends XmppkitError<
  | 'testing/timeout'
  | 'testing/closed'
  | 'testing/mismatch'
  | 'testing/unexpected'
  | 'testing/login'
  | 'testing/clock'
  | 'testing/script'
> {}
