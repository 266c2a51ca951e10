// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the tests quote templates
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { generate, problems } from './docs.mjs'
import { publishedManifest } from './publish.mjs'
import { flat } from './reference/markdown.mjs'

/** A package of one file. */
function model(text: string, name = 'offline') {
  const source = ts.createSourceFile(`${name}.ts`, text, ts.ScriptTarget.ESNext, true)
  const names = new Set(
    [...text.matchAll(/export (?:interface|const|class|type) (\w+)/g)].map((match) => match[1]!),
  )
  return [{ name, manifest: {}, layer: 5, dir: '/', deps: [], sources: [source], names }]
}

describe('hooks', () => {
  const pages = generate(
    model(`
      /** Messages nobody could take. */
      export const offlineMessage = filter<{ action: 'store' | 'bounce' }, { to: Jid }>('offline/message')
      /** Told when the last one is gone. */
      export const drained = event<{ account: Jid }>('offline/drained')
      export const offlineSeq = Object.freeze({
        /** The archive. */
        archive: 49,
        store: 50,
      } as const)
      const inner = event('offline/inner')
    `),
  )

  test('have a row with kind, types and docstring', () => {
    expect(pages['hooks.md']).toContain(
      "| **offline/message** | `offlineMessage` | filter | `{ action: 'store' \\| 'bounce' }` | `{ to: Jid }` | Messages nobody could take. |",
    )
    expect(pages['hooks.md']).toContain('| **offline/drained** | `drained` | event |  | `{ account: Jid }` |')
    expect(pages['hooks.md']).not.toContain('offline/inner')
  })

  test('come with the numbers their owner names', () => {
    expect(pages['hooks.md']).toContain('| `archive` | 49 | The archive. |')
  })

  test('have one owner', () => {
    const twice = [
      ...model("export const a = event('x/y')", 'a'),
      ...model("export const b = event('x/y')", 'b'),
    ]
    expect(problems(twice)).toEqual(['hook x/y is declared by a and b'])
  })
})

describe('options', () => {
  test('show type, default and meaning', () => {
    const text = generate(
      model(`
        /** Limits of offline storage. */
        export interface OfflineOptions extends Base {
          /**
           * Messages per account; see {@link createOffline}.
           * @default 1_000
           */
          readonly maxMessages?: number
          /** Whose it is. */
          owner: 'a' | 'b'
        }
        interface HiddenOptions { x: number }
      `),
    )['options.md']
    expect(text).toContain('Includes `Base`.')
    expect(text).toContain(
      '| `maxMessages` | `number` | `1_000` | Messages per account; see `createOffline`. |',
    )
    expect(text).toContain("| `owner` | `'a' \\| 'b'` |  | Whose it is. (required) |")
    expect(text).not.toContain('HiddenOptions')
  })
})

describe('error codes', () => {
  const declared = `
    /**
     * - \`offline/full\`: the account has
     *   as many messages as it may.
     */
    export class OfflineError extends XmppkitError<'offline/full' | 'offline/gone'> {}
  `
  const made =
    "throw new OfflineError('offline/full', `has ${n}`); throw new OfflineError('offline/gone', 'it is gone')"

  test('take their sentence from the docstring, else from the message', () => {
    const subject = model(declared + made)
    expect(problems(subject)).toEqual([])
    expect(generate(subject)['errors.md']).toContain(
      '| `offline/full` | `OfflineError` | The account has as many messages as it may. |\n| `offline/gone` | `OfflineError` | It is gone. |',
    )
  })

  test('are declared where made, and made where declared', () => {
    expect(problems(model(`${declared}${made}; throw new OfflineError('offline/odd', 'it is odd')`))).toEqual(
      ['@xmppkit/offline: offline/odd is made, but no type declares it'],
    )
    expect(problems(model(`${declared}throw new OfflineError('offline/full', 'x')`))).toEqual([
      '@xmppkit/offline: offline/gone is declared, but never made',
      expect.stringContaining('offline/gone needs a line'),
    ])
  })

  test('may be put together from conditions', () => {
    const subject = model(
      `
      /** - \`bad-tag\`: a tag is broken. */
      type Condition = 'bad-tag'
      class XmlError extends Error { readonly code: \`xml/\${Condition}\` = \`xml/\${condition()}\` }
      fail('bad-tag')`,
      'xml',
    )
    expect(problems(subject)).toEqual([])
    expect(generate(subject)['errors.md']).toContain('| `xml/bad-tag` | `XmlError` | A tag is broken. |')
  })
})

describe('extensions and commands', () => {
  test('come from the declarations', () => {
    const pages = generate(
      model(`
        export const offlineModule = defineModule({
          xeps: [{ number: '0160', version: '1.0.1', status: 'complete' }, { number: 13, version: '1.3', status: 'partial', note: 'No nodes.' }],
        })
        /** Removes what is stored. */
        export const clear = defineCommand({ name: 'delete_offline', tags: ['offline'], args: { user: string(), host: optional(string()) }, policy: 'admin' })
      `),
    )
    expect(pages['xeps.md']).toMatch(/XEP-0013.*\| 1\.3 \| partial \| `offline` \| No nodes\. \|\n.*XEP-0160/)
    expect(pages['xmppkit.doap']).toContain(
      '<xmpp:xep rdf:resource="https://xmpp.org/extensions/xep-0160.html"/>',
    )
    expect(pages['commands.md']).toContain(
      '| `delete_offline` | `user` `host?` | offline | admin | Removes what is stored. |',
    )
  })

  test('must exist and agree', () => {
    const subject = model(
      "const a = [{ number: '9999', version: '1' }, { number: '0030', version: '2.4' }, { number: '0030', version: '2.5' }]",
    )
    expect(problems(subject)).toEqual([
      'XEP-0030 is declared with versions 2.4 and 2.5',
      'XEP-9999 (@xmppkit/offline) does not exist',
    ])
  })
})

test('docstrings become one line', () => {
  expect(flat('Uses {@link createX} or {@link Y | that}.\n\n```ts\ncode()\n```\nEnds.')).toBe(
    'Uses `createX` or that. Ends.',
  )
})

test('a published manifest has nothing of the repository', () => {
  const manifest = {
    name: '@xmppkit/a',
    version: '0.1.0',
    exports: {
      '.': { '@xmppkit/source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' },
    },
    dependencies: { '@xmppkit/b': 'workspace:^', pg: '8.0.0' },
    devDependencies: { x: '1.0.0' },
    xmppkit: { layer: 1 },
  }
  expect(publishedManifest(manifest, new Map([['@xmppkit/b', '0.1.0']]))).toEqual({
    name: '@xmppkit/a',
    version: '0.1.0',
    exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
    dependencies: { '@xmppkit/b': '^0.1.0', pg: '8.0.0' },
  })
})
