import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createStreamReader, type StreamReader } from '@xmppkit/xml'
import { expect, test } from 'vitest'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const header = Buffer.from(
  "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='example.com' version='1.0'>",
)
const stanza = Buffer.from("<message to='romeo@example.net'><body>hello there</body></message>")

/** Bytes in use, of the heap and of buffers outside it. */
function memory(): number {
  collect()
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

function readAll(reader: StreamReader): void {
  while (reader.next() !== undefined);
}

/** What each of many readers keeps after `feed`. */
function perReader(count: number, feed: (reader: StreamReader) => void): number {
  const readers: StreamReader[] = []
  const before = memory()
  for (let i = 0; i < count; i++) {
    const reader = createStreamReader()
    reader.push(Buffer.from(header))
    readAll(reader)
    feed(reader)
    readers.push(reader)
  }
  const each = (memory() - before) / count
  expect(readers.at(-1)?.buffered).toBeDefined()
  return each
}

test('SEC-2: an idle reader holds less than 1 KiB', () => {
  perReader(100, readAll)
  const each = perReader(10_000, (reader) => {
    reader.push(Buffer.from(stanza))
    readAll(reader)
    reader.push(Buffer.alloc(1000, ' '))
    readAll(reader)
  })
  expect(each).toBeLessThan(1024)
})

test('SEC-2: a reader that waits for the rest of a stanza does not pin the 64 KiB it came in', () => {
  const each = perReader(500, (reader) => {
    const chunk = Buffer.alloc(65_536, ' ')
    chunk.write('<message', 65_536 - 8)
    reader.push(chunk)
    readAll(reader)
  })
  expect(each).toBeLessThan(8 * 1024)
})

test('SEC-2: 100,000 connections with garbage leave the heap flat', () => {
  const garbage = [
    '<message>&x;',
    '<a></b>',
    '\xff',
    '<message to="x',
    `<a>${'x'.repeat(9000)}`,
    '<!DOCTYPE x>',
    '<a><b><c>',
  ]
  const cycle = (count: number) => {
    for (let i = 0; i < count; i++) {
      const reader = createStreamReader()
      reader.push(header)
      try {
        readAll(reader)
        reader.push(Buffer.from(garbage[i % garbage.length]!, 'latin1'))
        readAll(reader)
      } catch {
        // Most of it is refused, which is not the point here.
      }
    }
  }
  cycle(5000)
  const before = memory()
  cycle(100_000)
  expect(memory() - before).toBeLessThan(2 * 1024 * 1024)
})
