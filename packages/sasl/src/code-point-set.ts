/** A set of code points that answers by binary search. */
export interface CodePointSet {
  /** Whether the code point is in the set. */
  has(codePoint: number): boolean
}

/** Reads the "gap length" pairs the table generator writes. */
export function codePointSet(packed: string): CodePointSet {
  const words = packed.split(' ')
  const starts = new Uint32Array(words.length / 2)
  const ends = new Uint32Array(words.length / 2)
  let end = 0
  for (let i = 0; i < starts.length; i++) {
    const start = end + Number.parseInt(words[2 * i] as string, 36)
    end = start + Number.parseInt(words[2 * i + 1] as string, 36)
    starts[i] = start
    ends[i] = end
  }
  return { has: (codePoint) => contains(starts, ends, codePoint) }
}

function contains(starts: Uint32Array, ends: Uint32Array, codePoint: number): boolean {
  let low = 0
  let high = starts.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    if (codePoint < (starts[middle] as number)) high = middle - 1
    else if (codePoint >= (ends[middle] as number)) low = middle + 1
    else return true
  }
  return false
}
