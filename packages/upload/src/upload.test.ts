import { removeUser } from '@xmppkit/auth'
import { drop } from '@xmppkit/hooks'
import { parseJid } from '@xmppkit/jid'
import { StanzaError } from '@xmppkit/stanza'
import { describe, expect, test } from 'vitest'
import { createMemoryFiles } from './memory-files.js'
import type { FileStore } from './ports.js'
import { uploadSlotRequest } from './tokens.js'
import { addressOf, bodyOf, days, romeo, uploadScene } from './upload-scene.js'

const asked = "filename='très cool.jpg' size='5' content-type='image/jpeg'"
const account = parseJid(romeo).bare

describe('XEP-0363: slots', () => {
  test('UPLOAD-1: a file goes where the slot says, once, and is found there under its name', async () => {
    const { ask, put, get, upload } = uploadScene()
    const url = await ask(asked)
    expect(url).toMatch(
      /^https:\/\/files\.example\/upload\/montague\.example\/\d{15}-token1\/tr%C3%A8s%20cool\.jpg$/,
    )
    expect(await get(url)).toBeUndefined()
    expect(await put(url, 'bytes', 'image/jpeg')).toBe('stored')
    expect(await get(url)).toBe('bytes')
    expect(await put(url, 'other', 'image/jpeg')).toBe('upload/taken')
    expect(await get(url)).toBe('bytes')
    expect(await upload.find(addressOf(url))).toMatchObject({
      filename: 'très cool.jpg',
      size: 5,
      type: 'image/jpeg',
    })
  })

  test('UPLOAD-1 §7: the length must be what was said, and the type if it was said', async () => {
    const { ask, put, get } = uploadScene()
    const url = await ask(asked)
    expect(await put(url, 'byte', 'image/jpeg')).toBe('upload/wrong-size')
    expect(await put(url, 'bytes', 'text/html')).toBe('upload/wrong-type')
    expect(await put(url, 'bytes')).toBe('upload/wrong-type')
    expect(await get(url)).toBeUndefined()
    expect(await put(url, 'bytes', 'IMAGE/jpeg; q=1')).toBe('stored')
    const untyped = await ask("filename='a' size='5'")
    expect(await put(untyped, 'bytes', 'text/plain')).toBe('stored')
  })

  test('a slot waits five minutes; one whose upload broke off can be used again', async () => {
    const { ask, put, upload, clock, shares } = uploadScene()
    const url = await ask(asked)
    async function* broken() {
      yield Buffer.from('by')
      throw new Error('reset')
    }
    const file = { size: 5, type: 'image/jpeg', body: broken() }
    await expect(upload.receive(addressOf(url), file)).rejects.toThrow('reset')
    await clock.advance(299_999)
    expect(await put(url, 'bytes', 'image/jpeg')).toBe('stored')
    const late = await ask(asked)
    await clock.advance(300_000)
    expect(await put(late, 'bytes', 'image/jpeg')).toBe('upload/no-file')
    await ask(asked)
    expect(await shares.count('romeo@montague.example')).toBe(2)
  })

  test('UPLOAD-1: also one whose upload is broken off because the server stops', async () => {
    const { ask, upload, files } = uploadScene()
    const url = await ask(asked)
    const { domain, id } = addressOf(url)
    const state = async () => JSON.parse((await files.get(domain, id)) ?? '{}').state
    let cut = () => {}
    const isCut = new Promise<void>((resolve) => {
      cut = resolve
    })
    async function* slow() {
      yield Buffer.from('by')
      await isCut
      throw new Error('reset')
    }
    const receiving = upload.receive(addressOf(url), { size: 5, type: 'image/jpeg', body: slow() })
    const broken = expect(receiving).rejects.toThrow('reset')
    await expect.poll(state).toBe('writing')
    const closed = upload.close()
    const soon = new Promise((resolve) => setImmediate(resolve, 'writing still'))
    expect(await Promise.race([closed, soon])).toBe('writing still')
    cut()
    await closed
    expect(await state()).toBe('waiting')
    await broken
  })

  test('UPLOAD-1: a file is stored though it took longer than its slot, and another was asked for meanwhile', async () => {
    const memory = createMemoryFiles()
    let arrive = () => {}
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve
    })
    const slow: FileStore = {
      ...memory,
      async write(name, file) {
        await arrived
        await memory.write(name, file)
      },
    }
    const { ask, put, get, clock, shares } = uploadScene({ maxFiles: 2 }, slow)
    const url = await ask(asked)
    const outcome = put(url, 'bytes', 'image/jpeg')
    await clock.advance(300_000)
    await ask(asked)
    // It counts: a slot more is not given, before that of the second ends.
    expect(await ask(asked)).toBe(
      'resource-constraint <retry xmlns="urn:xmpp:http:upload:0" stamp="2026-01-31T12:10:00Z"/>',
    )
    arrive()
    expect(await outcome).toBe('stored')
    expect(await get(url)).toBe('bytes')
    await clock.advance(days(2))
    await ask(asked)
    expect(await get(url)).toBe('bytes')
    expect(await shares.count('romeo@montague.example')).toBe(2)
  })

  test('what was being written when a process was killed counts for a day', async () => {
    const never: FileStore = { ...createMemoryFiles(), write: () => new Promise(() => {}) }
    const { ask, put, clock, files, shares } = uploadScene({ maxFiles: 1 }, never)
    void put(await ask(asked), 'bytes', 'image/jpeg')
    await clock.advance(days(1))
    expect(await ask(asked)).toContain('resource-constraint')
    await clock.advance(300_000)
    expect(await ask(asked)).toMatch(/^https:/)
    expect(await files.count('montague.example')).toBe(1)
    expect(await shares.count('romeo@montague.example')).toBe(1)
  })

  test('UPLOAD-1: nor does a file stay that was written when the process was killed', async () => {
    const memory = createMemoryFiles()
    let written = () => {}
    const isWritten = new Promise<void>((resolve) => {
      written = resolve
    })
    const killed: FileStore = {
      ...memory,
      async write(name, file) {
        await memory.write(name, file)
        written()
        await new Promise(() => {})
      },
    }
    const { ask, put, clock } = uploadScene({}, killed)
    const url = await ask(asked)
    void put(url, 'bytes', 'image/jpeg')
    await isWritten
    const { domain, id } = addressOf(url)
    expect(await memory.read(`${domain}/${id}`)).toBeDefined()
    await clock.advance(days(1) + 300_000)
    await ask(asked)
    expect(await memory.read(`${domain}/${id}`)).toBeUndefined()
  })

  test.each([
    ["filename='' size='5'", 'bad-request'],
    ["size='5'", 'bad-request'],
    ["filename='a'", 'bad-request'],
    ["filename='a' size='0'", 'bad-request'],
    ["filename='a' size='-5'", 'bad-request'],
    [`filename='${'a'.repeat(256)}' size='5'`, 'bad-request'],
  ])('%s is refused', async (attributes, condition) => {
    expect(await uploadScene().ask(attributes)).toBe(condition)
  })

  test('§6.1: a file that is too large is told the limit', async () => {
    const { ask } = uploadScene({ maxFileSize: 20_000 })
    expect(await ask("filename='a' size='20001'")).toBe(
      'not-acceptable <file-too-large xmlns="urn:xmpp:http:upload:0"><max-file-size>20000</max-file-size></file-too-large>',
    )
    expect(await ask("filename='a' size='20000'")).toMatch(/^https:/)
  })

  test('SEC-27: accounts of the host alone may upload', async () => {
    const { ask } = uploadScene()
    expect(await ask(asked, '', 'juliet@capulet.example/balcony')).toBe('forbidden')
    expect(await ask(asked, '', 'montague.example')).toBe('forbidden')
  })

  test('without an address nobody is promised anything', async () => {
    const { ask, said } = uploadScene({ url: '' })
    expect(await ask(asked)).toBe('service-unavailable')
    expect(said).toEqual([])
  })

  test('§3: features, identity and the limit are told', async () => {
    const { said } = uploadScene({ maxFileSize: 1000 })
    expect(said.join()).toContain('urn:xmpp:http:upload:purpose:0#ephemeral')
    expect(said.join()).not.toContain('permanent')
    expect(said.join()).toContain('{"max-file-size":"1000"}')
    expect(uploadScene({ permanent: true }).said.join()).toContain('#permanent')
  })
})

describe('§5: purposes', () => {
  const ns = "xmlns='urn:xmpp:http:upload:purpose:0'"
  test.each([
    ['', 30],
    [`<message ${ns}/>`, 30],
    [`<profile ${ns}/>`, 365],
    [`<ephemeral ${ns} expire-before='2026-02-02T12:00:00Z'/>`, 2],
    [`<ephemeral ${ns} expire-before='2027-02-02T12:00:00Z'/>`, 30],
  ])('%j is kept for %d days', async (purpose, count) => {
    const { ask, put, get, clock, files, shares } = uploadScene()
    const url = await ask(asked, purpose)
    await put(url, 'bytes', 'image/jpeg')
    await clock.advance(days(count) - 1)
    expect(await get(url)).toBe('bytes')
    await clock.advance(1)
    expect(await get(url)).toBeUndefined()
    await clock.advance(600_000)
    expect(await files.count('montague.example')).toBe(0)
    expect(await shares.count('romeo@montague.example')).toBe(0)
  })

  test('nothing is kept for ever unless it may be', async () => {
    const ever = `<permanent ${ns}/>`
    expect(await uploadScene().ask(asked, ever)).toBe('not-allowed')
    const { ask, put, get, clock } = uploadScene({ permanent: true, sweepMs: days(500) })
    const url = await ask(asked, ever)
    await put(url, 'bytes', 'image/jpeg')
    await clock.advance(days(4000))
    expect(await get(url)).toBe('bytes')
  })

  test('what would be gone already is refused', async () => {
    const { ask } = uploadScene()
    expect(await ask(asked, `<ephemeral ${ns} expire-before='2026-01-31T12:00:00Z'/>`)).toBe('bad-request')
  })
})

describe('L-1: what one account may keep', () => {
  test('files; it is told when the first goes', async () => {
    const { ask, put } = uploadScene({ maxFiles: 2 })
    await put(await ask(asked), 'bytes', 'image/jpeg')
    await ask(asked)
    expect(await ask(asked)).toBe(
      'resource-constraint <retry xmlns="urn:xmpp:http:upload:0" stamp="2026-01-31T12:05:00Z"/>',
    )
    expect(await ask(asked, '', 'mercutio@montague.example/street')).toMatch(/^https:/)
  })

  test('bytes, of slots too; also when many ask at once', async () => {
    const { ask, clock } = uploadScene({ maxBytes: 12 })
    const answers = [await ask(asked), await ask(asked), await ask(asked)]
    expect(answers.map((answer) => answer.split(' ')[0]!.slice(0, 5))).toEqual(['https', 'https', 'resou'])
    await clock.advance(300_000)
    expect(await ask(asked)).toMatch(/^https:/)
  })
})

describe('policy', () => {
  test('a handler refuses by dropping or with an error of its own, and fails closed', async () => {
    const { hooks, ask } = uploadScene()
    let verdict: () => typeof drop = () => drop
    hooks.on(uploadSlotRequest, (request) => (request.filename === 'fine' ? request : verdict()))
    expect(await ask(asked)).toBe('forbidden')
    verdict = () => {
      throw new StanzaError('policy-violation')
    }
    expect(await ask(asked)).toBe('policy-violation')
    verdict = () => {
      throw new Error('down')
    }
    expect(await ask(asked)).toBe('internal-server-error')
    expect(await ask("filename='fine' size='5'")).toMatch(/^https:/)
  })
})

describe('SEC-25: what goes with its account', () => {
  const gone = { account, id: '1' }

  test('files and slots', async () => {
    const { hooks, ask, put, get, files, shares } = uploadScene()
    const url = await ask(asked)
    await put(url, 'bytes', 'image/jpeg')
    await ask(asked)
    await hooks.run(removeUser, gone)
    expect(await get(url)).toBeUndefined()
    expect(await files.count('montague.example')).toBe(0)
    expect(await shares.count('romeo@montague.example')).toBe(0)
  })

  test('a file that was on its way', async () => {
    const memory = createMemoryFiles()
    let arrive = () => {}
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve
    })
    const written: string[] = []
    const slow: FileStore = {
      ...memory,
      async write(name, file) {
        await arrived
        written.push(name)
        await memory.write(name, file)
      },
    }
    const { hooks, ask, put, shares } = uploadScene({}, slow)
    const outcome = put(await ask(asked), 'bytes', 'image/jpeg')
    await hooks.run(removeUser, gone)
    arrive()
    expect(await outcome).toBe('upload/no-file')
    expect(await memory.read(written[0]!)).toBeUndefined()
    expect(await shares.count('romeo@montague.example')).toBe(0)
  })
})

test('two that upload to one slot at once: one of them is taken', async () => {
  const { ask, upload } = uploadScene()
  const address = addressOf(await ask(asked))
  const one = () => upload.receive(address, { size: 5, type: 'image/jpeg', body: bodyOf('bytes') })
  const outcomes = await Promise.allSettled([one(), one()])
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
})

test('bytes that cannot be removed are tried again', async () => {
  let fails = true
  const memory = createMemoryFiles()
  const store: FileStore = {
    ...memory,
    async remove(name) {
      if (fails) throw new Error('down')
      return memory.remove(name)
    },
  }
  const { ask, put, files, clock, logged } = uploadScene({}, store)
  await put(await ask(asked), 'bytes', 'image/jpeg')
  await clock.advance(days(31))
  expect(logged).toContain('uploaded files could not be removed')
  expect(await files.count('montague.example')).toBe(1)
  fails = false
  await clock.advance(600_000)
  expect(await files.count('montague.example')).toBe(0)
})

test('what ends gives no slots', async () => {
  const { ask, upload, clock } = uploadScene()
  await upload.close()
  expect(await ask(asked)).toBe('service-unavailable')
  expect(clock.timers).toBe(0)
})
