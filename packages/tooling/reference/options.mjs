// docs/reference/options.md: every exported interface called …Options.
import ts from 'typescript'
import { docOf, tagOf } from '../sources.mjs'
import { code, flat, page, table } from './markdown.mjs'
import { isExported } from './model.mjs'

/** The options interfaces a package hands out. */
function optionsOf(pkg) {
  return pkg.sources
    .flatMap((source) => [...source.statements])
    .filter((node) => ts.isInterfaceDeclaration(node) && isExported(node))
    .filter((node) => node.name.text.endsWith('Options') && pkg.names.has(node.name.text))
}

function row(member) {
  const required = member.questionToken ? '' : ' (required)'
  const fallback = tagOf(member, 'default')
  const type = ts.isMethodSignature(member)
    ? `(${member.parameters.map((p) => p.getText()).join(', ')}) => ${member.type?.getText() ?? 'void'}`
    : (member.type?.getText() ?? '')
  return [
    code(member.name.getText()),
    code(type),
    fallback ? code(fallback.replaceAll('`', '')) : '',
    flat(docOf(member)) + required,
  ]
}

function block(node) {
  const bases = (node.heritageClauses ?? []).flatMap((clause) => clause.types.map((type) => type.getText()))
  const members = node.members.filter(
    (member) => ts.isPropertySignature(member) || ts.isMethodSignature(member),
  )
  return [
    `### ${node.name.text}`,
    flat(docOf(node)),
    bases.length ? `Includes ${bases.map(code).join(', ')}.` : '',
    table(['option', 'type', 'default', ''], members.map(row)),
  ]
    .filter(Boolean)
    .join('\n\n')
}

export function optionsPage(model) {
  const sections = model.map((pkg) => {
    const found = optionsOf(pkg)
    return found.length ? [`## @xmppkit/${pkg.name}`, ...found.map(block)].join('\n\n') : ''
  })
  return page(
    '# Options',
    'Generated from the interfaces by `pnpm generate`. Options are plain data, read once when a block is made. Units are in the names; `Infinity` lifts a limit.',
    ...sections,
  )
}
