// Small pieces of Markdown the generated pages share.

/** A docstring as one line: links become code, paragraphs one after another, examples left out. */
export function flat(doc) {
  return doc
    .replace(/```[\s\S]*?```/g, '')
    .replace(
      /\{@link(?:code|plain)?\s+([^}|\s]+)\s*(?:\|\s*([^}]+))?\}/g,
      (_, name, text) => text?.trim() ?? `\`${name}\``,
    )
    .replace(/\s+/g, ' ')
    .trim()
}

/** The first paragraph of a docstring, flat. */
export const firstParagraph = (doc) => flat(doc.split(/\n\s*\n/)[0] ?? '')

/** Text for a table cell: pipes escaped, tags outside code shown instead of taken as HTML. */
function cell(text) {
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part : part.replaceAll('<', '&lt;')))
    .join('')
    .replaceAll('|', '\\|')
    .replace(/\s+/g, ' ')
    .trim()
}

/** A type or value as code; '' stays ''. */
export const code = (text) => (text ? `\`${text.replace(/\s+/g, ' ').replaceAll('`', "'").trim()}\`` : '')

/** A table; no rows, no table. */
export function table(head, rows) {
  if (rows.length === 0) return ''
  const line = (cells) => `| ${cells.map((text) => cell(text)).join(' | ')} |`
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')
}

/** A page from its parts, empty ones left out. */
export const page = (...parts) => `${parts.filter(Boolean).join('\n\n')}\n`
