// Which code blocks of a Markdown page are programs to run.

/**
 * Fenced blocks of a page.
 * @returns {{ info: string, code: string, line: number }[]} line: of the first line of code, from 1
 */
export function fencedBlocks(markdown) {
  const blocks = []
  let open
  markdown.split(/\r?\n/).forEach((text, index) => {
    const fence = /^ {0,3}(`{3,}|~{3,})\s*(.*?)\s*$/.exec(text)
    if (!open && fence) {
      open = { mark: fence[1], info: fence[2], line: index + 2, lines: [] }
    } else if (open && fence && fence[2] === '' && fence[1].startsWith(open.mark)) {
      blocks.push({ info: open.info, code: `${open.lines.join('\n')}\n`, line: open.line })
      open = undefined
    } else if (open) {
      open.lines.push(text)
    }
  })
  return blocks
}

/**
 * The blocks that must run: the first `ts` block, and each one marked `ts run`.
 * A block marked `ts fragment` is never run and does not count as the first, nor is `ts from PATH#REGION`, an excerpt of an
 * example that has tests of its own. One marked `ts tests` registers tests, so
 * it is run while tests are collected.
 */
export function runnableBlocks(markdown) {
  const blocks = fencedBlocks(markdown)
    .map((block) => ({ ...block, words: block.info.split(/\s+/) }))
    .filter(
      ({ words }) =>
        ['ts', 'typescript'].includes(words[0]) && !words.includes('fragment') && !words.includes('from'),
    )
  return blocks
    .filter(({ words }, index) => index === 0 || words.includes('run') || words.includes('tests'))
    .map(({ code, line, words }) => ({ code, line, ...(words.includes('tests') && { tests: true }) }))
}
