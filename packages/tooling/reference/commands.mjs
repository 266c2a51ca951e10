// docs/reference/commands.md: every defineCommand({ … }).
import ts from 'typescript'
import { docOf, walk } from '../sources.mjs'
import { code, flat, page, table } from './markdown.mjs'
import { bare, literal, property } from './model.mjs'

/** The array a name stands for, if the file declares it. */
function declared(name, source) {
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement)) continue
    for (const { name: variable, initializer } of statement.declarationList.declarations)
      if (variable.getText() === name && initializer) return bare(initializer)
  }
  return undefined
}

/** The texts of an array, also where it is named or spread. */
function texts(node, source) {
  if (!node) return []
  if (ts.isIdentifier(node)) return texts(declared(node.text, source), source)
  if (!ts.isArrayLiteralExpression(node)) return []
  return node.elements.flatMap((element) =>
    ts.isSpreadElement(element) ? texts(element.expression, source) : [literal(element) ?? element.getText()],
  )
}

/** The value of a property, or the name it is short for. */
function givenAs(object, name) {
  const short = object.properties.find(
    (member) => ts.isShorthandPropertyAssignment(member) && member.name.text === name,
  )
  return short ? short.name : property(object, name)
}

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
      const kind =
        ts.isCallExpression(node) && /(?:^|\.)define(Command|BatchCommands)$/.exec(node.expression.getText())
      if (!kind) return
      // Three commands are made of one batch definition: its start, the state of it, and the end.
      const isBatch = kind[1] === 'BatchCommands'
      const given = node.arguments[isBatch ? 1 : 0]
      const definition = given && bare(given)
      if (!definition || !ts.isObjectLiteralExpression(definition)) return
      const name = literal(property(definition, 'name'))
      if (!name) return
      let holder = node
      while (holder.parent && !ts.isVariableStatement(holder)) holder = holder.parent
      const said = ['summary', 'description', 'doc']
        .map((key) => literal(property(definition, key)))
        .find(Boolean)
      const policy = property(definition, 'policy')
      const names = isBatch ? [`${name}_batch`, `${name}_status`, `abort_${name}`] : [name]
      const args = argumentNames(property(definition, 'args') ?? property(definition, 'arguments'))
      const common = {
        version: literal(property(definition, 'version')) ?? '',
        tags: texts(givenAs(definition, 'tags'), source),
        policy: literal(policy) ?? policy?.getText() ?? 'admin',
      }
      const doc = said ?? (ts.isVariableStatement(holder) ? docOf(holder) : '')
      const batchDocs = [`${doc} (in batches)`, `How far ${name}_batch is`, `Ends ${name}_batch`]
      names.forEach((one, index) => {
        const more = isBatch && index === 0 ? ['batchSize?', 'ratePerMinute?'] : []
        found.push({ ...common, name: one, args: [...args, ...more], doc: isBatch ? batchDocs[index] : doc })
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
