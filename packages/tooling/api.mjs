// Writes docs/api: the reference site of all packages. A warning fails.
import { join } from 'node:path'
import { Application, ConsoleLogger, Converter, PackageJsonReader, TypeDocReader } from 'typedoc'
import ts from 'typescript'
import { createProgram } from './compiler.mjs'
import { entries, entryFiles, packages, root } from './workspace.mjs'

const missing = / does not have any documentation$/
const inferred = new Set()

/**
 * Leaves out two kinds of warnings: an error's `name` says itself, and members whose type is inferred from a value
 * (`const xDefaults = { … }`, a payload from its codec) mirror that value.
 */
class Logger extends ConsoleLogger {
  validationWarning(text, ...rest) {
    if (!isNeedless(text)) super.validationWarning(text, ...rest)
  }

  warn(text, ...rest) {
    if (!isNeedless(text)) super.warn(text, ...rest)
  }
}

function isNeedless(text) {
  if (!missing.test(text)) return false
  const [name] = text.split(' ')
  return (
    name.includes('.__type') ||
    name.endsWith('Error.name') ||
    [...inferred].some((r) => r.getFriendlyFullName() === name)
  )
}

const app = await Application.bootstrapWithPlugins(
  {
    options: join(root, 'packages', 'tooling', 'typedoc.json'),
    entryPoints: packages().map((pkg) => pkg.dir),
    logLevel: 'Warn',
  },
  [new TypeDocReader(), new PackageJsonReader()],
)
app.logger = new Logger()
app.logger.level = app.options.getValue('logLevel')

app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
  const declarations = context.getSymbolFromReflection(reflection)?.declarations ?? []
  if (declarations.length && declarations.every(ts.isPropertyAssignment)) inferred.add(reflection)
})

// One program for all packages instead of one each: a tenth of the time, and links between packages meet.
const program = createProgram(packages().flatMap(entryFiles))
const byDir = new Map(packages().map((pkg) => [pkg.dir, pkg]))
app.getEntryPoints = function () {
  const pkg = byDir.get(this.options.packageDir)
  return entries(pkg).map(({ subpath, source }) => ({
    displayName: subpath === '.' ? 'index' : subpath.slice(2),
    program,
    sourceFile: program.getSourceFile(join(pkg.dir, source)),
  }))
}

const project = await app.convert()
if (project && !app.logger.hasErrors()) {
  app.validate(project)
  await app.generateOutputs(project)
}
if (!project || app.logger.hasErrors() || app.logger.hasWarnings()) process.exitCode = 1
