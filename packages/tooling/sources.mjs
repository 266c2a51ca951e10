// How the other tools read TypeScript: what a file imports, what it declares, one syntax tree per file.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import ts from 'typescript'
import { entryFiles } from './workspace.mjs'

const trees = new Map()

/** The syntax tree of a file, made once. */
export function parse(file) {
  const text = readFileSync(file, 'utf8')
  const known = trees.get(file)
  if (known?.text === text) return known
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true)
  trees.set(file, tree)
  return tree
}

/** Every module a text imports, statically or with import(), types included. */
export function importsOf(text) {
  return ts.preProcessFile(text, true, false).importedFiles.map((found) => found.fileName)
}

/** The source file behind a relative import, or undefined. */
export function resolveRelative(from, specifier) {
  const target = resolve(dirname(from), specifier)
  return [target.replace(/\.js$/, '.ts'), target].find((file) => existsSync(file))
}

/** Files that reach the user: everything an entry leads to. */
export function shippedFiles(pkg) {
  const seen = new Set()
  const queue = entryFiles(pkg).filter((file) => existsSync(file))
  for (const file of queue) {
    if (seen.has(file)) continue
    seen.add(file)
    for (const specifier of importsOf(readFileSync(file, 'utf8'))) {
      const target = specifier.startsWith('.') ? resolveRelative(file, specifier) : undefined
      if (target) queue.push(target)
    }
  }
  return [...seen].sort()
}

/** The documentation sentence(s) above a declaration, or ''. */
export function docOf(node) {
  const docs = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc)
  const last = docs.at(-1)
  return last ? (ts.getTextOfJSDocComment(last.comment) ?? '').trim() : ''
}

/** The text of a tag such as @default above a declaration, or undefined. */
export function tagOf(node, name) {
  const tag = ts.getJSDocTags(node).find((found) => found.tagName.text === name)
  return tag ? (ts.getTextOfJSDocComment(tag.comment) ?? '').trim() : undefined
}

/** Calls visit for a node and everything below it. */
export function walk(node, visit) {
  visit(node)
  ts.forEachChild(node, (child) => walk(child, visit))
}
