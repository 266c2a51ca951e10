import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

/** The example elements of the XEPs, by XEP number. */
export function xepExamples(): Record<string, string[]> {
  const file = new URL('../fixtures/xep-examples.json.gz', import.meta.url)
  return JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')) as Record<string, string[]>
}
