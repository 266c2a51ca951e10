#!/usr/bin/env node
// Stands here, and not in dist, so that installing a clone can link it before anything is built.
import { main } from '../dist/index.js'

process.exitCode = await main(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
})
