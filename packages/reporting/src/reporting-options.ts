/** Settings of `createReporting`. */
export interface ReportingOptions {
  /**
   * Reports an account may make within `reportsWindowMs`; more are ignored, while their blocks hold. Keeps one user from
   * burying the reports of the others.
   *
   * @default 50
   */
  readonly maxReportsPerWindow?: number
  /**
   * Length of the window in which reports are counted, in milliseconds.
   *
   * @default 3_600_000
   */
  readonly reportsWindowMs?: number
  /**
   * Longest text of a report, in UTF-16 code units; the rest is cut off.
   *
   * @default 2000
   */
  readonly maxTextLength?: number
}

/** Defaults of {@link ReportingOptions}. */
export const reportingDefaults: Readonly<Required<ReportingOptions>> = Object.freeze({
  maxReportsPerWindow: 50,
  reportsWindowMs: 3_600_000,
  maxTextLength: 2000,
})
