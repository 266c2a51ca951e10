import type { Awaitable } from '@xmppkit/runtime'

/** Where an export is written: a file, a response, an upload. */
export interface ExportSink {
  /** Takes the next part of the document. Nothing more is written before it has settled. */
  write(text: string): Awaitable<void>
}

/** A sink that was opened for one export. */
export interface OpenExport extends ExportSink {
  /** Where to find it, in words. */
  readonly location: string
  /** All was written; resolves when it is safe. */
  close(): Awaitable<void>
  /** It will not be completed: what was written is of no use. */
  abort(): Awaitable<void>
}

/** Where commands write exports, and read what is to be imported. Exports hold credentials: nobody else may read them. */
export interface ExportStore {
  /**
   * Opens an export.
   *
   * @param name - what it is of, an account or a domain, and when; fit for a file name but for its characters
   */
  create(name: string): Promise<OpenExport>
  /**
   * Opens what is to be imported.
   *
   * @param name - as `create` or the operator named it; never a path
   */
  open(name: string): Promise<AsyncIterable<Uint8Array>>
}
