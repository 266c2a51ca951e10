/**
 * The suite for a `FileStore` of `@xmppkit/upload`.
 *
 * @packageDocumentation
 */
import type { FileRange, FileStore } from '@xmppkit/upload'
import { describe, expect, test } from 'vitest'
import { type OpenStore, withStore } from './open-store.js'

export type { OpenedStore, OpenStore } from './open-store.js'

const name = 'example.org/000000000000001-a_B-c'
const type = 'text/plain'

async function* chunks(...parts: (string | Uint8Array | Error)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (part instanceof Error) throw part
    yield typeof part === 'string' ? Buffer.from(part) : part
  }
}

async function content(store: FileStore, of = name, range?: FileRange): Promise<string | undefined> {
  const file = await store.read(of, range)
  if (file === undefined) return undefined
  const parts: Uint8Array[] = []
  for await (const part of file.body) parts.push(part)
  return Buffer.concat(parts).toString('latin1')
}

const put = (store: FileStore, text: string, of = name) =>
  store.write(of, { size: text.length, type, body: chunks(text) })

/**
 * Registers the tests of a `FileStore`.
 *
 * @example
 * ```ts
 * fileStoreConformance('memory', () => ({ store: createMemoryFiles() }))
 * ```
 */
export function fileStoreConformance(label: string, open: OpenStore<FileStore>): void {
  describe(`file store: ${label}`, () => {
    keeping(open)
    refusing(open)
  })
}

function keeping(open: OpenStore<FileStore>): void {
  test('a file is given back as it came, in whatever pieces', () =>
    withStore(open, async (store) => {
      await store.write(name, { size: 11, type, body: chunks('never ', 'b', 'ut ', 'k') })
      expect(await content(store)).toBe('never but k')
    }))

  test('any bytes, and many of them', () =>
    withStore(open, async (store) => {
      const piece = Buffer.from(Array.from({ length: 65_536 }, (_, at) => (at * 7) % 256))
      const size = piece.length * 40
      await store.write(name, {
        size,
        type: 'image/png',
        body: chunks(...Array.from({ length: 40 }, () => piece)),
      })
      const back = Buffer.from((await content(store)) ?? '', 'latin1')
      expect(back.length).toBe(size)
      expect(back.subarray(-piece.length).equals(piece)).toBe(true)
    }))

  test('ranges, both ends included', () =>
    withStore(open, async (store) => {
      await put(store, '0123456789')
      expect(await content(store, name, { first: 0, last: 0 })).toBe('0')
      expect(await content(store, name, { first: 3, last: 6 })).toBe('3456')
      expect(await content(store, name, { first: 9, last: 9 })).toBe('9')
    }))

  test('whoever stops reading leaves the file whole', () =>
    withStore(open, async (store) => {
      await put(store, 'x'.repeat(300_000))
      const file = await store.read(name)
      for await (const _ of file!.body) break
      expect((await content(store))?.length).toBe(300_000)
    }))

  test('names are apart; what was removed is gone', () =>
    withStore(open, async (store) => {
      await put(store, 'one')
      await put(store, 'two', 'example.net/000000000000001-a_B-c')
      expect(await content(store)).toBe('one')
      expect(await store.remove(name)).toBe(true)
      expect(await store.remove(name)).toBe(false)
      expect(await content(store)).toBeUndefined()
      expect(await content(store, 'example.net/000000000000001-a_B-c')).toBe('two')
    }))

  test('a file of the same name takes the place of the former', () =>
    withStore(open, async (store) => {
      await put(store, 'former')
      await put(store, 'later')
      expect(await content(store)).toBe('later')
    }))
}

function refusing(open: OpenStore<FileStore>): void {
  test.each([
    ['shorter', ['abc']],
    ['longer', ['abc', 'defgh']],
    ['empty', []],
  ])('SEC-27: a file that is %s than was said leaves nothing behind', (_, parts) =>
    withStore(open, async (store) => {
      const file = { size: 5, type, body: chunks(...parts) }
      await expect(store.write(name, file)).rejects.toMatchObject({ code: 'upload/wrong-size' })
      expect(await content(store)).toBeUndefined()
    }),
  )

  test('an uploader that goes away leaves nothing behind, nor does it harm what was there', () =>
    withStore(open, async (store) => {
      const broken = () => ({ size: 5, type, body: chunks('abc', new Error('reset')) })
      await expect(store.write(name, broken())).rejects.toThrow()
      expect(await content(store)).toBeUndefined()
      await put(store, 'whole')
      await expect(store.write(name, broken())).rejects.toThrow()
      expect(await content(store)).toBe('whole')
    }))

  test('a signal ends a file that comes no further', () =>
    withStore(open, async (store) => {
      const stop = new AbortController()
      async function* hanging() {
        yield Buffer.from('ab')
        stop.abort(new Error('too slow'))
        yield Buffer.from('cde')
      }
      await expect(
        store.write(name, { size: 5, type, body: hanging(), signal: stop.signal }),
      ).rejects.toThrow()
      expect(await content(store)).toBeUndefined()
    }))

  test('what is not there is not there', () =>
    withStore(open, async (store) => {
      expect(await content(store)).toBeUndefined()
      expect(await store.remove(name)).toBe(false)
    }))
}
