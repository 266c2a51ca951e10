// docs/reference/hooks.md: every hook token, from the packages that own them.
import ts from 'typescript'
import { docOf } from '../sources.mjs'
import { code, firstParagraph, flat, page, table } from './markdown.mjs'
import { exportedVariables } from './model.mjs'

/** `event<P>('name')` or `filter<V, P>('name')` as a row of facts. */
function readToken({ name, initializer, statement }) {
  if (!ts.isCallExpression(initializer)) return undefined
  const kind = initializer.expression.getText()
  const [first] = initializer.arguments
  if (!['event', 'filter'].includes(kind) || !first || !ts.isStringLiteralLike(first)) return undefined
  const types = (initializer.typeArguments ?? []).map((type) => type.getText())
  const [value, payload] = kind === 'filter' ? types : [undefined, types[0]]
  return { name, hook: first.text, kind, value: value ?? '', payload: payload ?? '', doc: docOf(statement) }
}

/** Numbers handlers of a hook agree on: `export const deliverSeq = { archive: 49, … }`. */
function readSequence({ name, initializer, statement }) {
  if (!/seq/i.test(name) || !ts.isObjectLiteralExpression(initializer)) return undefined
  const points = initializer.properties
    .filter((member) => ts.isPropertyAssignment(member) && /^-?[\d_]+$/.test(member.initializer.getText()))
    .map((member) => ({ name: member.name.getText(), seq: member.initializer.getText(), doc: docOf(member) }))
  return points.length ? { name, points, doc: docOf(statement) } : undefined
}

/** Tokens and sequence points of one package. */
function hooksOf(pkg) {
  const variables = pkg.sources.flatMap(exportedVariables)
  return {
    tokens: variables.map(readToken).filter(Boolean),
    sequences: variables.map(readSequence).filter(Boolean),
  }
}

function section(pkg) {
  const { tokens, sequences } = hooksOf(pkg)
  if (tokens.length === 0) return ''
  const rows = tokens.map((token) => [
    `**${token.hook}**`,
    code(token.name),
    token.kind,
    code(token.value),
    code(token.payload),
    flat(token.doc),
  ])
  const lists = sequences.map(({ name, doc, points }) =>
    page(
      `Sequence numbers \`${name}\`${doc ? `: ${firstParagraph(doc)}` : ''}`,
      table(
        ['name', 'seq', ''],
        points.map((point) => [code(point.name), point.seq, flat(point.doc)]),
      ),
    ).trim(),
  )
  return [
    `## @xmppkit/${pkg.name}`,
    table(['hook', 'token', 'kind', 'value', 'payload', ''], rows),
    ...lists,
  ].join('\n\n')
}

/** Hooks two packages declare under one name. */
export function hookProblems(model) {
  const owner = new Map()
  const problems = []
  for (const pkg of model) {
    for (const { hook } of hooksOf(pkg).tokens) {
      if (owner.has(hook)) problems.push(`hook ${hook} is declared by ${owner.get(hook)} and ${pkg.name}`)
      owner.set(hook, pkg.name)
    }
  }
  return problems
}

export function hooksPage(model) {
  return page(
    '# Hooks',
    'Generated from the tokens by `pnpm generate`. An **event** tells everybody and cannot be changed; in a **filter** a value walks from handler to handler, each of which returns the next value, `stop(value)` or `drop`, or throws. Handlers run by ascending `seq` (50 unless given), ties in the order of registration.',
    ...model.map(section),
  )
}
