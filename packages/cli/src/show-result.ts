/** The result of a command as lines for a person: a list one entry a line, a record one member a line. */
export function showResult(result: unknown): string {
  if (result === null || result === undefined) return ''
  if (Array.isArray(result)) return result.map((entry) => `${showEntry(entry)}\n`).join('')
  if (typeof result === 'object') {
    return Object.entries(result)
      .map(([name, value]) => `${name}: ${showEntry(value)}\n`)
      .join('')
  }
  return `${showEntry(result)}\n`
}

/** One entry: members of a record between tabs, so that other programs can cut them. */
function showEntry(entry: unknown): string {
  if (Array.isArray(entry)) return entry.map(showEntry).join(', ')
  if (typeof entry === 'object' && entry !== null) return Object.values(entry).map(showEntry).join('\t')
  return typeof entry === 'string' ? entry : JSON.stringify(entry)
}
