import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { PageError } from './errors.js'

/** The built files of Converse.js. */
export interface ConverseFiles {
  /** Their version. */
  readonly version: string
  /** The path of a file by its name below `dist`; `undefined` if it is none of those a browser needs. */
  find(name: string): string | undefined
}

const wanted = [
  /^converse\.min\.(?:js|css)$/,
  /^emoji\.json$/,
  /^chunkjs\/locales\/.+\.js$/,
  /^(?:images|sounds|webfonts)\/.+\.(?:png|svg|ico|mp3|ogg|ttf)$/,
]

/**
 * Finds Converse.js where npm put it.
 *
 * @throws PageError `page/no-converse`
 */
export function findConverse(): ConverseFiles {
  const dist = folder()
  const { version } = JSON.parse(readFileSync(join(dist, '..', 'package.json'), 'utf8')) as {
    version: string
  }
  // A list made once: what is asked for never becomes a path.
  const files = new Map(
    readdirSync(dist, { recursive: true, encoding: 'utf8' })
      .map((name) => name.replaceAll('\\', '/'))
      .filter((name) => wanted.some((pattern) => pattern.test(name)))
      .map((name) => [name, resolve(dist, name)]),
  )
  return { version, find: (name) => files.get(name) }
}

function folder(): string {
  try {
    return dirname(createRequire(import.meta.url).resolve('converse.js/dist/converse.min.js'))
  } catch (cause) {
    throw new PageError(
      'page/no-converse',
      'the chat page needs the package converse.js: npm install converse.js',
      {
        cause,
      },
    )
  }
}
