import { UploadError } from '@xmppkit/upload'

/** Passes bytes on, and throws when they are not as many as was said or the signal is aborted. */
export async function* exactLength(
  body: AsyncIterable<Uint8Array>,
  size: number,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let length = 0
  for await (const chunk of body) {
    signal?.throwIfAborted()
    length += chunk.length
    if (length > size) throw wrongSize(size)
    yield chunk
  }
  signal?.throwIfAborted()
  if (length < size) throw wrongSize(size)
}

const wrongSize = (size: number) => new UploadError('upload/wrong-size', `the file is not ${size} bytes long`)
