// Rules of this repository that no linter knows. One sentence per finding, with file and line.
//   node packages/tooling/lint.mjs [packages …]
// A finding is right and harmless now and then: say why in a comment `lint-allow <rule>: reason` on the line or the one above.
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { parse, shippedFiles } from './sources.mjs'
import { entryFiles, filesIn, isTest, packages, root, shown, sourceFiles } from './workspace.mjs'

/** Packages that own the process they run in. */
const programs = ['server', 'cli']
const secretName = /(password|token|proof|secret)s?$/i
const vagueNames = /^(utils?|helpers?|types?|common|misc|shared)\.(ts|js)$/
const comparisons = [
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
]

/** Last name of `a.b.password` or `password`. */
function lastName(node) {
  if (ts.isIdentifier(node)) return node.text
  if (ts.isPropertyAccessExpression(node)) return node.name.text
  if (ts.isNonNullExpression(node) || ts.isParenthesizedExpression(node)) return lastName(node.expression)
  return ''
}

/** Comparing with one of these tells nothing about a secret. */
const isConstant = (node) =>
  ts.isStringLiteralLike(node) ||
  ts.isNumericLiteral(node) ||
  [ts.SyntaxKind.NullKeyword, ts.SyntaxKind.TrueKeyword, ts.SyntaxKind.FalseKeyword].includes(node.kind) ||
  (ts.isIdentifier(node) && node.text === 'undefined')

/** `Math.random` and the like: what a shipped file must not touch, with what to use instead. */
function forbiddenMember(node, where) {
  const text = ts.isIdentifier(node.expression) ? `${node.expression.text}.${node.name.text}` : ''
  if (text === 'Math.random') return ['random', 'Math.random is guessable: use Ids of @xmppkit/runtime']
  if (text === 'Date.now' && !where.ownsTime)
    return ['clock', 'Date.now cannot be replaced in tests: use a Clock']
  if (text.startsWith('console.')) return ['console', 'a library does not write to the console: use a Logger']
  if (text.startsWith('process.') && !where.declares('process'))
    return ['process', 'a block never reads process: take it as an option']
  return undefined
}

/** Names an import or export declaration takes from its module; '*' when it takes all, or a default. */
function namesTaken(node) {
  if (ts.isExportDeclaration(node)) {
    const list =
      node.exportClause && ts.isNamedExports(node.exportClause) ? node.exportClause.elements : undefined
    return list ? list.map((element) => (element.propertyName ?? element.name).text) : ['*']
  }
  const { name, namedBindings } = node.importClause ?? {}
  const named = namedBindings && ts.isNamedImports(namedBindings) ? namedBindings.elements : []
  const rest = name || (namedBindings && !ts.isNamedImports(namedBindings)) ? ['*'] : []
  return [...named.map((element) => (element.propertyName ?? element.name).text), ...rest]
}

function importFinding(node, where) {
  const specifier = node.moduleSpecifier.text
  const names = namesTaken(node)
  if (specifier.startsWith('.') && !/\.(m?js|json)$/.test(specifier))
    return ['extension', `relative imports end in .js: ${specifier}`]
  if (where.shipped && !where.isProgram) {
    const emitter =
      /^(node:)?events$/.test(specifier) && names.some((name) => name === '*' || name === 'EventEmitter')
    if (emitter) return ['events', 'no EventEmitter: use hooks and callbacks']
    if (/^(node:)?(process|console)$/.test(specifier))
      return ['process', `${specifier} is not for blocks: take what you need as an option`]
  }
  if (specifier.startsWith('ltx/')) return ['ltx', 'ltx has no other entry we may use']
  const unsafe = specifier === 'ltx' ? names.filter((name) => !['Element', 'Node'].includes(name)) : []
  if (unsafe.length)
    return ['ltx', `ltx is used for Element only, its stringify and parsers are unsafe: ${unsafe.join(', ')}`]
  return undefined
}

/** Findings a statement of any kind can have. */
function structureFinding(node) {
  if (ts.isEnumDeclaration(node)) return ['enum', 'no enums: use a union of literals']
  if (ts.isModuleDeclaration(node)) return ['namespace', 'no namespaces and no declaration merging']
  if (ts.isExportAssignment(node)) return ['default', 'no default exports']
  if (ts.isExportDeclaration(node) && node.moduleSpecifier && !node.exportClause)
    return ['export-star', 'no export *: name what is exported']
  if (
    ts.isAsExpression(node) &&
    ts.isAsExpression(node.expression) &&
    node.expression.type.getText() === 'unknown'
  )
    return ['cast', 'as unknown as hides a mistake of the types']
  return undefined
}

const runsNothing = ['skip', 'todo', 'only', 'fails']

/** Tests that do not run, or alone. */
function testFinding(node) {
  if (!ts.isPropertyAccessExpression(node) || !runsNothing.includes(node.name.text)) return undefined
  const subject = node.expression.getText().split('.')[0]
  if (!['test', 'it', 'describe'].includes(subject)) return undefined
  return ['focus', `${node.getText()} hides tests`]
}

function secretFinding(node) {
  if (!ts.isBinaryExpression(node) || !comparisons.includes(node.operatorToken.kind)) return undefined
  if (isConstant(node.left) || isConstant(node.right)) return undefined
  const name = [node.left, node.right].map(lastName).find((found) => secretName.test(found))
  return name && ['secret', `${name} is compared in a time that tells about it: use constantTimeEqual`]
}

/**
 * Findings in one file.
 * @param {ts.SourceFile} source
 * @param {{ shipped: boolean, isProgram: boolean, ownsTime: boolean }} where
 * @returns {{ rule: string, line: number, text: string }[]}
 */
export function lintSource(source, where) {
  const lines = source.text.split('\n')
  const declared = new Set()
  const declares = (name) => declared.has(name)
  const found = []
  const report = (node, finding) => {
    if (!finding) return
    const [rule, text] = finding
    const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line
    const near = `${lines[line - 1] ?? ''}\n${lines[line]}`
    const allowed = rule === 'cast' ? near.includes('//') : near.includes(`lint-allow ${rule}:`)
    if (!allowed) found.push({ rule, line: line + 1, text })
  }
  const collect = (node) => {
    if (
      (ts.isVariableDeclaration(node) || ts.isParameter(node) || ts.isFunctionDeclaration(node)) &&
      node.name &&
      ts.isIdentifier(node.name)
    )
      declared.add(node.name.text)
    ts.forEachChild(node, collect)
  }
  const visit = (node) => {
    if (ts.isImportDeclaration(node) || (ts.isExportDeclaration(node) && node.moduleSpecifier))
      report(node, importFinding(node, where))
    if (where.shipped) {
      report(node, structureFinding(node))
      if (!where.isProgram && ts.isPropertyAccessExpression(node))
        report(node, forbiddenMember(node, { ...where, declares }))
    } else {
      report(node, testFinding(node))
    }
    if (where.shipped) report(node, secretFinding(node))
    ts.forEachChild(node, visit)
  }
  collect(source)
  visit(source)
  if (where.shipped) {
    lines.forEach((text, line) => {
      if (/\b(TODO|FIXME|XXX|HACK)\b/.test(text))
        found.push({ rule: 'unfinished', line: line + 1, text: 'unfinished work is an issue, not a comment' })
    })
  }
  return found
}

/** The entry of a package says what it is and hands out names, nothing else. */
export function indexFindings(source) {
  const found = []
  if (!source.text.includes('@packageDocumentation'))
    found.push({ rule: 'index', line: 1, text: 'src/index.ts needs a @packageDocumentation comment' })
  for (const statement of source.statements) {
    const fine =
      ts.isExportDeclaration(statement) &&
      (statement.moduleSpecifier || statement.exportClause?.elements?.length === 0)
    if (!fine) {
      const line = source.getLineAndCharacterOfPosition(statement.getStart(source)).line + 1
      found.push({ rule: 'index', line, text: 'src/index.ts only re-exports' })
    }
  }
  return found
}

/** What a file's name says. */
export function nameFindings(file) {
  const name = basename(file)
  const found = []
  if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.generated|\.test|\.test-d)?\.(ts|js)$/.test(name))
    found.push({ rule: 'name', line: 1, text: 'file names are kebab-case' })
  if (vagueNames.test(name))
    found.push({ rule: 'name', line: 1, text: `${name} says nothing: name the file after what it exports` })
  return found
}

/** All findings of the chosen packages, as sentences. */
export function lintAll(only = []) {
  const chosen = packages().filter((pkg) => only.length === 0 || only.includes(pkg.name))
  return chosen.flatMap((pkg) => {
    const shipped = new Set(shippedFiles(pkg))
    const [index] = entryFiles(pkg)
    return sourceFiles(pkg).flatMap((file) => {
      const source = parse(file)
      const where = {
        shipped: shipped.has(file) && !isTest(file),
        isProgram: programs.includes(pkg.name),
        ownsTime: pkg.name === 'runtime',
      }
      const findings = [
        ...lintSource(source, where),
        ...nameFindings(file),
        ...(file === index ? indexFindings(source) : []),
      ]
      return findings.map(({ rule, line, text }) => `${shown(file)}:${line}: ${text} (${rule})`)
    })
  })
}

/** Findings in the tests outside of packages. */
function lintOutside() {
  return ['test', 'examples'].flatMap((dir) =>
    filesIn(join(root, dir)).flatMap((file) =>
      lintSource(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ESNext, true), {
        shipped: false,
      }).map(({ rule, line, text }) => `${shown(file)}:${line}: ${text} (${rule})`),
    ),
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const only = process.argv.slice(2)
  const findings = [...lintAll(only), ...(only.length ? [] : lintOutside())]
  for (const finding of findings) console.error(finding)
  if (findings.length) process.exitCode = 1
}
