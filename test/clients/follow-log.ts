import { closeSync, openSync, readSync, watch } from 'node:fs'

/** Follows a file to which another process appends lines. */
export function followLog(path: string) {
  const file = openSync(path, 'r')
  const buffer = Buffer.alloc(64 * 1024)
  const lines: string[] = []
  const wakes: (() => void)[] = []
  let rest = ''
  let next = 0
  const read = () => {
    for (let length = readSync(file, buffer); length > 0; length = readSync(file, buffer))
      rest += buffer.toString('latin1', 0, length)
    const parts = rest.split('\n')
    rest = parts.pop() ?? ''
    for (const part of parts) lines.push(Buffer.from(part, 'latin1').toString('utf8'))
  }
  const watcher = watch(path, () => {
    for (const wake of wakes.splice(0)) wake()
  })
  const change = () => new Promise<void>((resolve) => wakes.push(resolve))
  return {
    /** Resolves when something was written since the last look. */
    change,
    /** Waits for a line after those that were waited for before. */
    async line(pattern: RegExp): Promise<RegExpExecArray> {
      for (;;) {
        const changed = change()
        read()
        for (let at = next; at < lines.length; at += 1) {
          const found = pattern.exec(lines[at]!)
          if (found) {
            next = at + 1
            return found
          }
        }
        await changed
      }
    },
    /** Takes all lines so far for known. */
    skip() {
      read()
      next = lines.length
    },
    /** All such lines so far. */
    all(pattern: RegExp): RegExpExecArray[] {
      read()
      return lines.map((line) => pattern.exec(line)).filter((found) => found !== null)
    },
    close() {
      watcher.close()
      closeSync(file)
    },
  }
}
