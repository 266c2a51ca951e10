// The TypeScript compiler with this repository's options.
import { join } from 'node:path'
import ts from 'typescript'
import { root } from './workspace.mjs'

const base = join(root, 'packages', 'tooling', 'tsconfig.base.json')

/** One program over the given files; siblings resolve to their sources. */
export function createProgram(files, extra = {}) {
  const { config, error } = ts.readConfigFile(base, ts.sys.readFile)
  if (error) throw new Error(formatDiagnostics([error]))
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root)
  return ts.createProgram(files, {
    ...options,
    types: ['node'],
    typeRoots: [join(root, 'node_modules', '@types')],
    ...extra,
  })
}

/** Diagnostics as the compiler prints them. */
export function formatDiagnostics(diagnostics) {
  return ts.formatDiagnostics(diagnostics, {
    getCurrentDirectory: () => root,
    getCanonicalFileName: (file) => file,
    getNewLine: () => '\n',
  })
}
