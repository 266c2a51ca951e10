// @ts-check
// The command line.
import { parseArgs } from 'node:util'

export const help = `usage: pnpm bench [options]

Drives xmppkit, and Prosody and ejabberd where they are installed, with the same load, and prints what it costs each.

  --servers NAMES   xmppkit, prosody, ejabberd; separated by commas (default: every one that is installed)
  --cells REGEX     only cells whose name matches
  --reps N          repetitions, of which the median counts (default: 3)
  --sessions N      sessions whose memory is measured (default: 10000)
  --quick           every cell, tiny, once, with xmppkit only: a test that all of it works
  --no-micro        leave out the micro-benchmarks
  --no-archive      leave out pages of archives of a million messages
  --report FILES    tables of earlier runs from their raw lines, instead of running anything; separated by commas
  --write           write tables and charts into docs/performance.md
  --list            list the cells
  --help            print this

Exits with 1 when anything was lost, doubled, out of order or broken; never because of a time.
`

/** @param {string[]} args */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      servers: { type: 'string' },
      cells: { type: 'string' },
      reps: { type: 'string' },
      sessions: { type: 'string' },
      quick: { type: 'boolean', default: false },
      'no-micro': { type: 'boolean', default: false },
      'no-archive': { type: 'boolean', default: false },
      report: { type: 'string' },
      write: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const { quick } = values
  return {
    quick,
    write: values.write,
    report: values.report?.split(','),
    list: values.list,
    help: values.help,
    micro: !values['no-micro'],
    archive: !values['no-archive'],
    servers: values.servers?.split(',') ?? (quick ? ['xmppkit'] : undefined),
    cells: new RegExp(values.cells ?? ''),
    reps: whole('reps', values.reps ?? (quick ? '1' : '3')),
    sessions: whole('sessions', values.sessions ?? (quick ? '200' : '10000')),
  }
}

/** @param {string} name @param {string} text */
function whole(name, text) {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1)
    throw new TypeError(`--${name} wants a whole number, got ${text}`)
  return number
}
