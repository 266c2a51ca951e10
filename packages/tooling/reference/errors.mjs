// docs/reference/errors.md: every code `package/reason`, with a sentence.
// The sentence is, in this order: a line "- `package/reason`: …" of a docstring in the package; the comment before the
// code in its union; the message where it is thrown.
import ts from 'typescript'
import { walk } from '../sources.mjs'
import { code, flat, page, table } from './markdown.mjs'

/** All strings a type made of literals, unions, templates and names of such types can be. */
function strings(type, aliases, depth = 0) {
  if (!type || depth > 8) return []
  if (ts.isLiteralTypeNode(type) && ts.isStringLiteral(type.literal))
    return [{ text: type.literal.text, node: type }]
  if (ts.isParenthesizedTypeNode(type)) return strings(type.type, aliases, depth + 1)
  if (ts.isUnionTypeNode(type)) return type.types.flatMap((part) => strings(part, aliases, depth + 1))
  if (ts.isTypeReferenceNode(type))
    return strings(aliases.get(type.typeName.getText())?.type, aliases, depth + 1)
  if (ts.isTemplateLiteralTypeNode(type)) {
    return type.templateSpans.reduce(
      (heads, span) =>
        heads.flatMap((head) =>
          strings(span.type, aliases, depth + 1).map((tail) => ({
            text: head.text + tail.text + span.literal.text,
            node: tail.node,
          })),
        ),
      [{ text: type.head.text }],
    )
  }
  return []
}

/** Comment written directly before a member of a union. */
function commentBefore(node) {
  const text = node.getSourceFile().text
  const ranges = ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []
  const last = ranges.at(-1)
  return last ? flat(text.slice(last.pos, last.end).replace(/^\/\*\*?|\*\/$|^\s*\/\/|^\s*\*/gm, ' ')) : ''
}

/** Lines "- `code`: sentence" of all docstrings in a file. */
function listedSentences(source, into) {
  for (const [comment] of source.text.matchAll(/\/\*\*[\s\S]*?\*\//g)) {
    const text = comment.replace(/\s*\*\/$/, '').replace(/^\s*\/?\*+/gm, '')
    for (const match of text.matchAll(
      /^\s*- `([\w/-]+)`:?\s+([\s\S]*?)(?=\n\s*(?:-\s|@|\n|$)|$(?![\s\S]))/gm,
    ))
      into.set(match[1], flat(match[2]))
  }
}

/** The message of `new XError('code', message)`, inserted parts as an ellipsis. */
function messageOf(argument) {
  if (!argument) return ''
  if (ts.isStringLiteralLike(argument)) return argument.text
  if (ts.isTemplateExpression(argument))
    return argument.head.text + argument.templateSpans.map((span) => `…${span.literal.text}`).join('')
  return ''
}

const isCode = (text, pkg) => text.startsWith(`${pkg.name}/`) && /^[a-z0-9-]+\/[a-z0-9-]+$/.test(text)

/** Classes called …Error, each with its codes; codes named by a type alone have no class. */
function declaredCodes(pkg) {
  const aliases = new Map()
  const classes = []
  for (const source of pkg.sources) {
    walk(source, (node) => {
      if (ts.isTypeAliasDeclaration(node)) aliases.set(node.name.text, node)
      if (ts.isClassDeclaration(node) && node.name?.text.endsWith('Error')) classes.push(node)
    })
  }
  const codes = new Map()
  const add = (type, owner) => {
    for (const { text, node } of strings(type, aliases)) {
      if (!isCode(text, pkg)) continue
      const known = codes.get(text)
      codes.set(text, {
        owner: known?.owner || owner,
        comment: known?.comment || (node ? commentBefore(node) : ''),
      })
    }
  }
  for (const node of classes) {
    const owner = node.name.text
    for (const clause of node.heritageClauses ?? [])
      for (const base of clause.types) for (const argument of base.typeArguments ?? []) add(argument, owner)
    walk(node, (member) => {
      const named =
        (ts.isPropertyDeclaration(member) || ts.isParameter(member)) && member.name.getText() === 'code'
      if (named) add(member.type, owner)
    })
  }
  for (const [, alias] of aliases) add(alias.type, '')
  return codes
}

/** Codes a package makes, each with the plainest message it is made with. */
function madeCodes(pkg) {
  const made = new Map()
  for (const source of pkg.sources) {
    walk(source, (node) => {
      if (!ts.isNewExpression(node) || !node.expression.getText().endsWith('Error')) return
      const [first, ...rest] = node.arguments ?? []
      const message = rest.map(messageOf).find((text) => text.includes(' ')) ?? ''
      const better = (known) => !known || (known.includes('…') && message && !message.includes('…'))
      if (!first) return
      walk(first, (part) => {
        if (!ts.isStringLiteralLike(part) || !isCode(part.text, pkg)) return
        made.set(part.text, better(made.get(part.text)) ? message : made.get(part.text))
      })
    })
  }
  return made
}

/** Every string the shipped code of all packages can produce, templates as patterns. */
function mentionedStrings(model) {
  const texts = new Set()
  const patterns = []
  for (const source of model.flatMap((pkg) => pkg.sources)) {
    walk(source, (node) => {
      if (ts.isStringLiteralLike(node) && !ts.isLiteralTypeNode(node.parent)) texts.add(node.text)
      if (!ts.isTemplateExpression(node) || !/^[a-z0-9-]+\//.test(node.head.text)) return
      const parts = [node.head.text, ...node.templateSpans.map((span) => span.literal.text)]
      if (parts.every((part) => /^[a-z0-9/-]*$/.test(part)))
        patterns.push(new RegExp(`^${parts.join('.+')}$`))
    })
  }
  return (text) => texts.has(text) || patterns.some((pattern) => pattern.test(text))
}

/** Codes of one package: [{ code, owner, sentence }] and what is wrong with them. */
function errorsOf(pkg, mentioned) {
  const declared = declaredCodes(pkg)
  const made = madeCodes(pkg)
  const listed = new Map()
  for (const source of pkg.sources) listedSentences(source, listed)
  const problems = []
  const rows = [...declared].map(([text, { owner, comment }]) => {
    const reason = text.slice(pkg.name.length + 1)
    if (!mentioned(text)) problems.push(`@xmppkit/${pkg.name}: ${text} is declared, but never made`)
    const sentence = listed.get(text) ?? listed.get(reason) ?? (comment || made.get(text))
    if (!sentence)
      problems.push(
        `@xmppkit/${pkg.name}: ${text} needs a line "- \`${text}\`: …" in the docstring of its type`,
      )
    return { code: text, owner, sentence: sentence ?? '' }
  })
  for (const text of made.keys())
    if (!declared.has(text)) problems.push(`@xmppkit/${pkg.name}: ${text} is made, but no type declares it`)
  return { rows: rows.sort((a, b) => a.code.localeCompare(b.code, 'en')), problems }
}

export function errorProblems(model) {
  const mentioned = mentionedStrings(model)
  return model.flatMap((pkg) => errorsOf(pkg, mentioned).problems)
}

const sentenceCase = (text) => {
  if (text === '') return ''
  const upper = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(upper) ? upper : `${upper}.`
}

export function errorsPage(model) {
  const mentioned = mentionedStrings(model)
  const sections = model.map((pkg) => {
    const { rows } = errorsOf(pkg, mentioned)
    const cells = rows.map((row) => [
      code(row.code),
      row.owner ? code(row.owner) : '',
      sentenceCase(row.sentence),
    ])
    return rows.length ? [`## @xmppkit/${pkg.name}`, table(['code', 'class', ''], cells)].join('\n\n') : ''
  })
  return page(
    '# Error codes',
    "Generated from the code by `pnpm generate`. Test `error.code`, or `isXmppkitError(error, 'package/reason')` from `@xmppkit/runtime`; messages are for logs and may change. Answers of the protocol (`StanzaError`, `StreamError`, `SaslFailure`) carry the conditions of the RFCs instead.",
    ...sections,
  )
}
