import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileStoreConformance } from '@xmppkit/conformance/file-store'
import { createFolderFiles, createS3Files, type S3FilesOptions } from '@xmppkit/file-storage'
import type { FileStore } from '@xmppkit/upload'
import { afterAll, describe, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'xmppkit-files-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let opened = 0
const nextFolder = () => join(folder, String(++opened))

fileStoreConformance('folder', () => ({ store: createFolderFiles({ path: nextFolder() }) }))

const bucket = process.env.XMPPKIT_TEST_S3
const keys = { accessKeyId: 'key', secretAccessKey: 'hush-hush' }

if (bucket === undefined && process.env.XMPPKIT_PEERS !== 'required') {
  test('S3 was not tested', ({ skip }) => skip('XMPPKIT_TEST_S3 is not the URL of a bucket'))
} else {
  const at = new URL(bucket ?? 'XMPPKIT_TEST_S3 must be the URL of a bucket')
  const options: S3FilesOptions = { endpoint: at.origin, bucket: at.pathname.slice(1), ...keys }
  const prefixes = `${process.pid}-${Date.now()}`

  fileStoreConformance('S3', () => ({
    store: createS3Files({ ...options, prefix: `${prefixes}/${++opened}/` }),
  }))

  test('a bucket that is not there is told', async () => {
    const missing = createS3Files({ ...options, bucket: 'none' })
    await expect(write(missing, 'a', 'text')).rejects.toMatchObject({
      code: 'file-storage/refused',
      message: expect.stringContaining('no bucket none'),
    })
  })
}

describe('an object store', () => {
  const serve = async (handler: RequestListener, options: { readonly timeoutMs?: number } = {}) => {
    const server = createServer(handler).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const store = createS3Files({ endpoint: `http://127.0.0.1:${port}`, bucket: 'b', ...keys, ...options })
    const end = () => {
      server.close()
      server.closeAllConnections()
    }
    return { store, [Symbol.dispose]: end }
  }

  test('that refuses is told with its status, and without the key', async () => {
    const seen: string[] = []
    using served = await serve((request, response) => {
      seen.push(String(request.headers.authorization))
      response.writeHead(403).end('<Error/>')
    })
    const error: Error = await served.store.read('example.org/a').then(
      () => assert.fail('it was given'),
      (thrown) => thrown,
    )
    expect(error).toMatchObject({ code: 'file-storage/refused', message: expect.stringContaining('403') })
    expect(String(error)).not.toContain(keys.secretAccessKey)
    expect(seen[0]).toMatch(/^AWS4-HMAC-SHA256 Credential=key\//)
    expect(seen[0]).not.toContain(keys.secretAccessKey)
  })

  test('that has answered is waited for until the file is there', async () => {
    using served = await serve(
      (_request, response) => {
        response.writeHead(200).write('by')
        setTimeout(() => response.end('tes'), 600)
      },
      { timeoutMs: 500 },
    )
    const parts: Uint8Array[] = []
    for await (const part of (await served.store.read('a'))?.body ?? []) parts.push(part)
    expect(Buffer.concat(parts).toString()).toBe('bytes')
  })

  test('L-1: that does not answer is not waited for', async () => {
    using served = await serve(() => {}, { timeoutMs: 50 })
    await expect(served.store.read('a')).rejects.toMatchObject({ name: 'TimeoutError' })
  })
})

async function write(store: FileStore, name: string, text: string): Promise<void> {
  async function* body() {
    yield Buffer.from(text)
  }
  await store.write(name, { size: text.length, type: 'text/plain', body: body() })
}

describe('SEC-27: names', () => {
  test.each([
    '../x',
    'a/../../x',
    '/etc/passwd',
    'a//b',
    '.parts/x',
    'a/.b',
    'a\\b',
    'a\0b',
    '',
    'a'.repeat(600),
  ])('%j leads nowhere', async (name) => {
    const store = createFolderFiles({ path: nextFolder() })
    await expect(write(store, name, 'x')).rejects.toMatchObject({ code: 'file-storage/bad-name' })
    await expect(store.read(name)).rejects.toMatchObject({ code: 'file-storage/bad-name' })
    await expect(store.remove(name)).rejects.toMatchObject({ code: 'file-storage/bad-name' })
  })
})

test('what a killed process left is removed after a day, and not what is being written', async () => {
  const path = nextFolder()
  mkdirSync(join(path, '.parts'), { recursive: true })
  writeFileSync(join(path, '.parts', 'old'), '')
  utimesSync(join(path, '.parts', 'old'), 0, 0)
  writeFileSync(join(path, '.parts', 'new'), '')
  await write(createFolderFiles({ path }), 'a', 'text')
  expect(readdirSync(join(path, '.parts'))).toEqual(['new'])
})

test('a folder that cannot be made is tried again with the next file', async () => {
  const path = nextFolder()
  writeFileSync(path, 'in the way')
  const store = createFolderFiles({ path })
  await expect(write(store, 'a', 'text')).rejects.toThrow()
  rmSync(path)
  await write(store, 'a', 'text')
  expect(await store.remove('a')).toBe(true)
})
