/** What a kept piece of text may keep alive beyond itself, in characters. */
const maxShared = 1024

/**
 * A piece of a text that shares no memory with it if it is small and the text is not. Engines make substrings as windows
 * on the whole string; without this, an id somebody remembers could keep a stanza of 256 KiB alive.
 */
export function ownText(piece: string, whole: string): string {
  if (whole.length <= maxShared || piece.length * 2 > whole.length) return piece
  return ` ${piece}`.slice(1)
}
