// Writes docs/api: the reference site of all packages. A warning fails.
import { join } from 'node:path'
import { Application, ConsoleLogger, PackageJsonReader, TypeDocReader } from 'typedoc'
import { createProgram } from './compiler.mjs'
import { entries, entryFiles, packages, root } from './workspace.mjs'

// Members of an inferred type (`const xDefaults = { … }`) have no place for a comment, and the name of an error needs none.
const undocumentable = /(\.__type\b|Error\.name ).*does not have any documentation/

class Logger extends ConsoleLogger {
  validationWarning(text, ...rest) {
    if (!undocumentable.test(text)) super.validationWarning(text, ...rest)
  }

  warn(text, ...rest) {
    if (!undocumentable.test(text)) super.warn(text, ...rest)
  }
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
