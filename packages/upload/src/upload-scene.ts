import { createHooks, type Hooks } from '@xmppkit/hooks'
import { createIq } from '@xmppkit/iq'
import { createCountingIds, createManualClock, type Logger, type ManualClock } from '@xmppkit/runtime'
import { iq as iqStanza, readStanzaError, type Stanza } from '@xmppkit/stanza'
import { createMemoryKeyValue, type KeyValue } from '@xmppkit/storage'
import { parseElement, textFromWire } from '@xmppkit/xml'
import { createMemoryFiles } from './memory-files.js'
import type { FileStore } from './ports.js'
import { createUpload, type FileAddress, type Upload } from './upload.js'
import type { UploadOptions } from './upload-options.js'

/** Blocks wired by hand, for the tests of this package. */
export interface UploadScene {
  readonly hooks: Hooks
  readonly clock: ManualClock
  readonly files: KeyValue
  readonly shares: KeyValue
  readonly upload: Upload
  /** What disco was told. */
  readonly said: string[]
  readonly logged: string[]
  /** Asks for a slot, with these attributes and children; answers with its URL, or with what the error says. */
  ask(attributes: string, children?: string, from?: string): Promise<string>
  /** Uploads to what {@link UploadScene.ask} answered; answers `stored` or the code of the error. */
  put(url: string, text: string, type?: string): Promise<string>
  /** What is there; `undefined` if nothing is. */
  get(url: string): Promise<string | undefined>
}

/** Romeo's session. */
export const romeo = 'romeo@montague.example/garden'

const day = 24 * 60 * 60 * 1000

/** Some days, in milliseconds. */
export const days = (count: number): number => count * day

/** What a URL says. */
export function addressOf(url: string): FileAddress {
  const [domain = '', id = '', filename = ''] = url.split('/').slice(-3).map(decodeURIComponent)
  return { domain, id, filename }
}

/** A body in two pieces. */
export async function* bodyOf(text: string): AsyncGenerator<Uint8Array> {
  const half = Math.floor(text.length / 2)
  yield Buffer.from(text.slice(0, half))
  yield Buffer.from(text.slice(half))
}

/** Makes a scene. */
export function uploadScene(
  options: UploadOptions = {},
  store: FileStore = createMemoryFiles(),
): UploadScene {
  const answers: Stanza[] = []
  const logged: string[] = []
  const said: string[] = []
  const nothing = { [Symbol.dispose]() {} }
  const note = (message: string) => void logged.push(message)
  const logger: Logger = { debug() {}, info() {}, warn: note, error: note, child: () => logger }
  const hooks = createHooks({ onError: (error) => note(String(error)) })
  const clock = createManualClock(Date.UTC(2026, 0, 31, 12))
  const iq = createIq({
    route: (stanza) => void answers.push(stanza),
    interceptReplies: () => nothing,
    clock,
    ids: createCountingIds('id'),
    logger,
  })
  const files = createMemoryKeyValue()
  const shares = createMemoryKeyValue()
  const tell = (...about: unknown[]) => {
    said.push(JSON.stringify(about))
    return nothing
  }
  const upload = createUpload(
    {
      store,
      files,
      shares,
      hooks,
      iq,
      clock,
      logger,
      sessions: { resources: () => [] },
      disco: { addFeature: tell, addIdentity: tell, addExtension: tell },
      domains: { has: (domain) => domain === 'montague.example', list: () => ['montague.example'] },
      ids: createCountingIds('token'),
    },
    { url: 'https://files.example/upload', ...options },
  )

  return {
    hooks,
    clock,
    files,
    shares,
    upload,
    said,
    logged,
    async ask(attributes, children = '', from = romeo) {
      const request = parseElement(
        `<request xmlns='urn:xmpp:http:upload:0' ${attributes}>${children}</request>`,
      )
      await iq.dispatch(iqStanza({ type: 'get', id: '1', from, to: 'montague.example' }, request), 'server')
      const [answer, ...more] = answers.splice(0)
      if (answer === undefined || more.length > 0) throw new Error('not exactly one answer')
      if (answer.type === 'error') {
        const error = readStanzaError(answer)
        return `${error?.condition} ${error?.application?.toString() ?? ''}`.trim()
      }
      const [, put, get] =
        /<put url="([^"]*)"\/><get url="([^"]*)"\/>/.exec(textFromWire(answer.raw.content)) ?? []
      if (put === undefined || put !== get) throw new Error(textFromWire(answer.raw.content))
      return put
    },
    put: (url, text, type) =>
      upload
        .receive(addressOf(url), {
          size: text.length,
          body: bodyOf(text),
          ...(type !== undefined && { type }),
        })
        .then(
          () => 'stored',
          (error: Error & { code?: string }) => error.code ?? error.message,
        ),
    async get(url) {
      const file = await (await upload.find(addressOf(url)))?.open()
      if (file === undefined) return undefined
      const parts: Uint8Array[] = []
      for await (const part of file.body) parts.push(part)
      return Buffer.concat(parts).toString()
    },
  }
}
