// What the generated pages are made of: the shipped sources of every package, parsed once.
import { existsSync } from 'node:fs'
import ts from 'typescript'
import { parse, shippedFiles } from '../sources.mjs'
import { entryFiles, packages } from '../workspace.mjs'

/** True for a declaration with the keyword `export`. */
export const isExported = (node) =>
  ts.canHaveModifiers(node) &&
  (ts.getModifiers(node) ?? []).some((m) => m.kind === ts.SyntaxKind.ExportKeyword)

/** Names an entry of the package hands out. */
function publicNames(pkg) {
  const names = new Set()
  for (const file of entryFiles(pkg).filter((entry) => existsSync(entry))) {
    for (const statement of parse(file).statements) {
      if (
        ts.isExportDeclaration(statement) &&
        statement.exportClause &&
        ts.isNamedExports(statement.exportClause)
      )
        for (const element of statement.exportClause.elements)
          names.add((element.propertyName ?? element.name).text)
      if (isExported(statement) && statement.name) names.add(statement.name.text)
      if (isExported(statement) && ts.isVariableStatement(statement))
        for (const declaration of statement.declarationList.declarations)
          if (ts.isIdentifier(declaration.name)) names.add(declaration.name.text)
    }
  }
  return names
}

/**
 * Every package with the syntax trees of its shipped files and its public names.
 * @returns {{ name: string, manifest: any, layer: number | string, dir: string, sources: ts.SourceFile[], names: Set<string> }[]}
 */
export function readModel() {
  return packages().map((pkg) => ({
    ...pkg,
    sources: shippedFiles(pkg).map(parse),
    names: publicNames(pkg),
  }))
}

/** `export const x = …` of a file, one entry per variable. */
export function exportedVariables(source) {
  return source.statements
    .filter((statement) => ts.isVariableStatement(statement) && isExported(statement))
    .flatMap((statement) =>
      statement.declarationList.declarations
        .filter((declaration) => ts.isIdentifier(declaration.name) && declaration.initializer)
        .map((declaration) => ({
          name: declaration.name.text,
          initializer: bare(declaration.initializer),
          statement,
        })),
    )
}

/** An expression without `as const`, `satisfies`, parentheses and Object.freeze. */
export function bare(node) {
  if (ts.isAsExpression(node) || ts.isSatisfiesExpression(node) || ts.isParenthesizedExpression(node))
    return bare(node.expression)
  if (
    ts.isCallExpression(node) &&
    node.expression.getText() === 'Object.freeze' &&
    node.arguments.length === 1
  )
    return bare(node.arguments[0])
  return node
}

/** The value of a property of an object literal, if it is written there. */
export function property(object, name) {
  const found = object.properties.find(
    (member) =>
      (ts.isPropertyAssignment(member) || ts.isShorthandPropertyAssignment(member)) &&
      nameOf(member) === name,
  )
  return found && ts.isPropertyAssignment(found) ? bare(found.initializer) : undefined
}

const nameOf = (member) =>
  ts.isIdentifier(member.name) || ts.isStringLiteral(member.name) ? member.name.text : ''

/** The text of a string or number literal, or undefined. */
export const literal = (node) =>
  node && (ts.isStringLiteralLike(node) || ts.isNumericLiteral(node)) ? node.text : undefined
