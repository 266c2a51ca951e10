// Which test proves which protocol rule. A test carries the rule's id in its title: 'X-5: a prefix nobody declared …'.
// So does a conversation of test/wire/scenarios, all of which are played.
//   node packages/tooling/rules.mjs              lists every rule with its tests
//   node packages/tooling/rules.mjs --check      says only what is missing
//   node packages/tooling/rules.mjs --markdown   writes docs/reference/rules.md
// The first two exit with 1 when a rule that holds now has no test.
// In rules.json, `from` says who asked for a rule: 'issue' is the tracker's list the project started from, 'tests' are
// rules that came with the tests that prove them.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { walk } from './sources.mjs'
import { filesIn, root, shown } from './workspace.mjs'

const page = join(root, 'docs', 'reference', 'rules.md')
const testNames = ['test', 'it']
const skipped = ['skip', 'todo', 'only']
// Not after a letter, a digit or a hyphen: 'UTF-8' and 'SHA-1' are no rules. A number no rule of a known family has is a mistake.
const families = [...new Set(readRules().map(({ id }) => id.replace(/-\d+$/, '-\\d+')))]
const idPattern = new RegExp(`(?<![\\w-])(${families.join('|')})(?![\\w-])`, 'g')

/**
 * The rules, in the order of rules.json.
 * @returns {{ id: string, summary: string, spec: string, from: string, status: 'now' | 'later', reason?: string, note?: string }[]}
 */
export function readRules() {
  return JSON.parse(readFileSync(join(root, 'packages', 'tooling', 'rules.json'), 'utf8'))
}

/** Rule ids named in a title. */
export const idsIn = (title) => [...title.matchAll(idPattern)].map((match) => match[0])

/** `test.each(rows)` → ['test', 'each']; undefined when it is no chain of names. */
function chain(callee) {
  if (ts.isIdentifier(callee)) return [callee.text]
  if (ts.isPropertyAccessExpression(callee)) {
    const start = chain(callee.expression)
    return start && [...start, callee.name.text]
  }
  if (ts.isCallExpression(callee)) return chain(callee.expression)
  if (ts.isTaggedTemplateExpression(callee)) return chain(callee.tag)
  return undefined
}

/** What is written in a title; the inserted parts of a template stay out, except texts. */
function textOf(node) {
  if (!node) return ''
  if (ts.isStringLiteralLike(node)) return node.text
  if (ts.isTemplateExpression(node))
    return (
      node.head.text +
      node.templateSpans.map((span) => `…${textOf(span.expression)}…${span.literal.text}`).join('')
    )
  if (ts.isBinaryExpression(node)) return `${textOf(node.left)}…${textOf(node.right)}`
  if (ts.isParenthesizedExpression(node)) return textOf(node.expression)
  return ''
}

/** A title that begins with what a table, a loop or a helper inserts: '%s: …', '$id …', `${rule}: …`. */
const startsInserted = (title) => /^(…|%s|\$\w)/.test(title)

/** The texts such a title may begin with: rule ids, alone or followed by a colon and more. */
function insertedTexts(source, known) {
  const found = []
  walk(source, (node) => {
    if (!ts.isStringLiteralLike(node) || known.has(node)) return
    const ids = idsIn(node.text.split(':')[0])
    if (ids.length === 0 || node.text.split(':')[0].split(/[\s,]+/).length !== ids.length) return
    found.push({ title: node.text, ids, line: lineOf(source, node) })
  })
  return found
}

const lineOf = (source, node) => source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1

/**
 * Titles of the tests in a text. A describe counts when a test that runs is inside it; where a title
 * begins with an inserted value, the texts of the file that consist of rule ids count too.
 * @returns {{ title: string, ids: string[], line: number }[]}
 */
export function titlesIn(text, name = 'some.test.ts') {
  if (name.endsWith('.wire')) return scenarioTitles(text)
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.ESNext, true)
  const titles = []
  const literals = new Set()
  /** Answers how many running tests were below. */
  const visit = (node) => {
    if (ts.isCallExpression(node)) {
      const names = chain(node.expression)
      const isTest = names && testNames.includes(names[0])
      const isGroup = names?.[0] === 'describe'
      // The outer call of test.each(rows)(title, …) is the one with the title.
      const hasTitle =
        (isTest || isGroup) && !['each', 'for', 'skipIf', 'runIf'].includes(lastName(node.expression))
      if (hasTitle) {
        if (names.some((part) => skipped.includes(part))) return 0
        const title = textOf(node.arguments[0])
        literals.add(node.arguments[0])
        const below = node.arguments.slice(1).reduce((sum, argument) => sum + visit(argument), 0)
        const tests = isTest ? 1 : below
        if (tests > 0) titles.push({ title, ids: [...new Set(idsIn(title))], line: lineOf(source, node) })
        return tests
      }
    }
    let tests = 0
    ts.forEachChild(node, (child) => {
      tests += visit(child)
    })
    return tests
  }
  visit(source)
  if (titles.some(({ title }) => startsInserted(title))) titles.push(...insertedTexts(source, literals))
  return titles
}

/** Titles of conversations: '== title', with steps before the next one. */
function scenarioTitles(text) {
  const found = []
  for (const [at, line] of text.split('\n').entries()) {
    if (line.startsWith('== ')) found.push({ title: line.slice(3), line: at + 1, steps: 0 })
    else if (/^[\w-]/.test(line) && found.length > 0) found.at(-1).steps += 1
  }
  return found
    .filter(({ steps }) => steps > 0)
    .map(({ title, line }) => ({ title, ids: [...new Set(idsIn(title))], line }))
}

/** 'each' for the callee `test.each`, '' for a callee that is itself a call. */
function lastName(callee) {
  return ts.isPropertyAccessExpression(callee) ? callee.name.text : ''
}

/** Every test file of the repository. */
function testFiles() {
  return ['packages', 'test', 'examples']
    .flatMap((dir) => filesIn(join(root, dir)))
    .filter((file) => !shown(file).startsWith('packages/tooling/'))
    .filter((file) => file.endsWith('.test.ts') || shown(file).startsWith('packages/conformance/src/'))
    .concat(filesIn(join(root, 'test', 'wire', 'scenarios'), '.wire'))
}

/** Rules with the tests that carry them, and ids no rule has. */
export function coverage(rules = readRules(), files = testFiles()) {
  const tests = new Map(rules.map((rule) => [rule.id, []]))
  const unknown = []
  for (const file of files) {
    for (const { title, ids, line } of titlesIn(readFileSync(file, 'utf8'), file)) {
      for (const id of ids) {
        if (tests.has(id)) tests.get(id).push({ file: shown(file), line, title })
        else unknown.push(`${shown(file)}:${line}: ${id} is not in rules.json`)
      }
    }
  }
  const missing = rules.filter((rule) => rule.status === 'now' && tests.get(rule.id).length === 0)
  return { rules, tests, unknown, missing }
}

/** docs/reference/rules.md. */
export function rulesPage({ rules, tests }) {
  const row = (rule) => {
    const files = [...new Set(tests.get(rule.id).map((test) => test.file))].sort()
    const links = files.map((file) => `[${file.split('/').slice(-1)}](../../${file})`).join(', ')
    const note = rule.note ? ` *(${rule.note})*` : ''
    const later = rule.status === 'later' ? `later: ${rule.reason}` : ''
    return `| ${rule.id} | ${rule.summary}${note} | ${rule.spec} | ${[later, links].filter(Boolean).join('; ')} |`
  }
  return `# Protocol rules and their tests

Generated by \`pnpm rules --markdown\`. Every rule is a requirement of an RFC, or a lesson of another server,
that is easily missed. A test that proves one carries its id in the title; \`pnpm check rules\` fails when one is left without.

| rule | what holds | where it comes from | proved in |
|---|---|---|---|
${rules.map(row).join('\n')}
`
}

function printList({ rules, tests }) {
  for (const rule of rules) {
    const found = tests.get(rule.id)
    const state = found.length
      ? `${found.length} test${found.length > 1 ? 's' : ''}`
      : rule.status === 'later'
        ? 'later'
        : 'NO TEST'
    console.log(`${rule.id.padEnd(7)} ${state.padEnd(9)} ${rule.summary}`)
    for (const test of found) console.log(`          ${test.file}:${test.line}  ${test.title}`)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const flags = process.argv.slice(2)
  const found = coverage()
  const text = rulesPage(found)
  if (flags.includes('--markdown')) {
    mkdirSync(dirname(page), { recursive: true })
    writeFileSync(page, text)
  } else if (!flags.includes('--check')) {
    printList(found)
  }
  for (const problem of found.unknown) console.error(problem)
  if (flags.includes('--check'))
    for (const rule of found.missing) console.error(`${rule.id} has no test: ${rule.summary}`)
  const stale = flags.includes('--check') && (!existsSync(page) || readFileSync(page, 'utf8') !== text)
  if (stale) console.error('docs/reference/rules.md is out of date: run pnpm generate')
  const now = found.rules.filter((rule) => rule.status === 'now').length
  console.log(
    `${now - found.missing.length} of ${now} rules have tests, ${found.rules.length - now} are for later`,
  )
  if ((found.missing.length && !flags.includes('--markdown')) || stale) process.exitCode = 1
}
