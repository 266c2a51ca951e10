// docs/reference/commands.md: every defineCommand({ … }).
import ts from 'typescript'
import { docOf, walk } from '../sources.mjs'
import { code, flat, page, table } from './markdown.mjs'
import { bare, literal, property } from './model.mjs'

const texts = (node) =>
  node && ts.isArrayLiteralExpression(node) ? node.elements.map((e) => literal(e) ?? e.getText()) : []

/** Names of the arguments, in order; what may be left out ends in a question mark when the source says so. */
function argumentNames(node) {
  if (!node) return []
  if (ts.isArrayLiteralExpression(node))
    return node.elements
      .filter((element) => ts.isObjectLiteralExpression(element))
      .map((element) => literal(property(element, 'name')) ?? '')
  if (ts.isObjectLiteralExpression(node))
    return node.properties.map((member) => {
      const text = member.initializer?.getText() ?? ''
      return `${member.name?.getText() ?? ''}${/\boptional\b/.test(text) ? '?' : ''}`
    })
  return []
}

/** Commands of one package. */
function commandsOf(pkg) {
  const found = []
  for (const source of pkg.sources) {
    walk(source, (node) => {
      if (!ts.isCallExpression(node) || !/(^|\.)defineCommand$/.test(node.expression.getText())) return
      const definition = node.arguments[0] && bare(node.arguments[0])
      if (!definition || !ts.isObjectLiteralExpression(definition)) return
      const name = literal(property(definition, 'name'))
      if (!name) return
      let holder = node
      while (holder.parent && !ts.isVariableStatement(holder)) holder = holder.parent
      const said = ['summary', 'description', 'doc']
        .map((key) => literal(property(definition, key)))
        .find(Boolean)
      const policy = property(definition, 'policy')
      found.push({
        name,
        version: literal(property(definition, 'version')) ?? '',
        tags: texts(property(definition, 'tags')),
        args: argumentNames(property(definition, 'args') ?? property(definition, 'arguments')),
        policy: literal(policy) ?? policy?.getText() ?? '',
        doc: said ?? (ts.isVariableStatement(holder) ? docOf(holder) : ''),
      })
    })
  }
  return found
}

export function commandProblems(model) {
  const owner = new Map()
  return model.flatMap((pkg) =>
    commandsOf(pkg).flatMap(({ name, version }) => {
      const key = `${name} ${version}`
      const twice = owner.has(key) ? [`command ${name} is defined by ${owner.get(key)} and ${pkg.name}`] : []
      owner.set(key, pkg.name)
      return twice
    }),
  )
}

export function commandsPage(model) {
  const sections = model.map((pkg) => {
    const rows = commandsOf(pkg).map((c) => [
      code(c.name),
      c.args.map(code).join(' '),
      c.tags.join(', '),
      c.policy,
      flat(c.doc),
    ])
    return rows.length
      ? [`## @xmppkit/${pkg.name}`, table(['command', 'arguments', 'tags', 'policy', ''], rows)].join('\n\n')
      : ''
  })
  return page(
    '# Commands',
    'Generated from the definitions by `pnpm generate`. A command is defined once and reaches every front end: the command line, calls in process, and what is built on them.',
    ...sections,
  )
}
