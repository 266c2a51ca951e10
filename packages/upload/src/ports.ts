/** A file that comes in. */
export interface NewFile {
  /** How long it will be, in bytes. */
  readonly size: number
  /** Its media type. */
  readonly type: string
  /** Its bytes. It throws if the uploader goes away. */
  readonly body: AsyncIterable<Uint8Array>
  /** Aborted when nobody waits for it any more. */
  readonly signal?: AbortSignal
}

/** Some bytes of a file, both ends included, as in HTTP (RFC 9110 §14.1.2). */
export interface FileRange {
  /** Offset of the first byte. */
  readonly first: number
  /** Offset of the last byte. */
  readonly last: number
}

/** A file that goes out. */
export interface FileContent {
  /** Its bytes, or those asked for. Whoever stops reading early calls `return`, as `for await` does, and the store lets go. */
  readonly body: AsyncIterable<Uint8Array>
}

/**
 * Keeps the bytes of files. Names are made by the server: at most 200 letters, digits, `-`, `_`, `.` and `/`, never beginning
 * with a dot or a slash. All methods reject when the store cannot be reached.
 *
 * `@xmppkit/conformance/file-store` tests an implementation.
 */
export interface FileStore {
  /**
   * Keeps a file. Resolves when it is durable; a file that is not whole, because `body` threw, was shorter or longer than
   * `size`, or the signal was aborted, leaves nothing behind and rejects.
   *
   * @throws UploadError `upload/wrong-size`, `upload/full`
   */
  write(name: string, file: NewFile): Promise<void>
  /** Opens a file; `undefined` if there is none of that name. */
  read(name: string, range?: FileRange): Promise<FileContent | undefined>
  /** Removes a file; `false` if there was none. */
  remove(name: string): Promise<boolean>
}
