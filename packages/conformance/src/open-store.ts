/** A store to be tested. */
export interface OpenedStore<S> {
  /** The store; empty at first. */
  readonly store: S
  /** Closes it and opens it on the same data again, as after a restart; absent where the data ends with the store. */
  readonly reopen?: () => Promise<S>
  /** Lets go of everything, the data included. */
  readonly close?: () => Promise<void>
}

/** Opens a store of its own for one test. */
export type OpenStore<S> = () => OpenedStore<S> | Promise<OpenedStore<S>>

/** Opens a store, uses it, and closes it whatever happened. */
export async function withStore<S>(
  open: OpenStore<S>,
  use: (store: S, reopen: (() => Promise<S>) | undefined) => Promise<void>,
): Promise<void> {
  const opened = await open()
  try {
    await use(opened.store, opened.reopen)
  } finally {
    await opened.close?.()
  }
}

/** Texts that stores have been seen to change. */
export const awkwardTexts: readonly (readonly [what: string, text: string])[] = [
  ['nothing', ''],
  ['spaces at both ends', '  a b  '],
  ['line ends', 'a\nb\r\nc\td'],
  ['quotes and backslashes', `'"\`\\ \\0 \\u0000 '' ; drop table x; -- $1 ? :a @b %s`],
  ['markup', '<a b="c">&amp;<![CDATA[]]></a>'],
  ['letters beyond ASCII', 'Ærøskøbing čeština 日本語 עברית'],
  ['combining marks, not composed', 'e\u0301 A\u030A'],
  ['characters beyond 16 bits', '\u{1F469}\u200D\u{1F4BB}\u{10330}'],
  ['what looks like a number', '00012.50'],
  ['what looks like JSON', '{"a":[1,null]}'],
  ['control characters', '\u0001\u001f\u007f\u0085\u2028'],
]
