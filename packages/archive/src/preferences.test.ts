import { describe, expect, test } from 'vitest'
import { fakeHost } from './fake-host.js'

const romeo = 'romeo@example.com/orchard'

describe('preferences (XEP-0441)', () => {
  const prefs = (attributes: string, content = '') =>
    `<iq type='set' id='p'><prefs xmlns='urn:xmpp:mam:2'${attributes}>${content}</prefs></iq>`
  const jids = (name: string, ...list: string[]) =>
    `<${name}>${list.map((one) => `<jid>${one}</jid>`).join('')}</${name}>`
  const setup = async (more: Parameters<typeof fakeHost>[0] = {}) => {
    const host = fakeHost(more)
    const from = await host.connect(romeo)
    const kept = async () =>
      (await host.archived('romeo@example.com')).map((xml) => / to='([^']*)'/.exec(xml)?.[1]).join(' ')
    const write = async (...to: string[]) => {
      for (const one of to) await from.says(one, 'hi')
    }
    return { host, from, kept, write }
  }

  test('MAM-5: are asked for, set, and hold at once', async () => {
    const { from, kept, write } = await setup()
    await from.send("<iq type='get' id='p'><prefs xmlns='urn:xmpp:mam:2'/></iq>")
    expect(from.heard()[0]).toContain(
      "<prefs xmlns='urn:xmpp:mam:2' default='always'><always/><never/></prefs>",
    )
    const lists = jids('always', 'nurse@example.net') + jids('never', 'eve@example.net/x')
    await from.send(prefs(" default='never'", lists))
    expect(from.heard()[0]).toContain(`default='never'>${lists}</prefs>`)
    await write('nurse@example.net/a', 'nurse@example.net', 'other@example.net')
    await from.send(prefs(" default='always'", lists))
    await write('eve@example.net/x', 'eve@example.net/y', 'other@example.net')
    expect(await kept()).toBe('nurse@example.net/a nurse@example.net eve@example.net/y other@example.net')
  })

  test('the server’s own hold for who never said', async () => {
    const { kept, write } = await setup({ options: { defaultPreference: 'never' } })
    await write('nurse@example.net')
    expect(await kept()).toBe('')
  })

  test('MAM-5: contacts only, where contacts are known', async () => {
    const contacts = {
      isContact: (_: unknown, contact: { toString(): string }) => String(contact) === 'nurse@example.net',
    }
    const { from, kept, write } = await setup({ contacts })
    await from.send(prefs(" default='roster'"))
    await write('nurse@example.net/x', 'other@example.net')
    expect(await kept()).toBe('nurse@example.net/x')
    const other = await setup()
    await other.from.send(prefs(" default='roster'"))
    expect(other.from.heard()[0]).toContain('not-acceptable')
  })

  test('what makes no sense, or is too much, is refused', async () => {
    const { from } = await setup({ options: { maxPreferenceJids: 1 } })
    await from.send(prefs(''))
    expect(from.heard()[0]).toContain('bad-request')
    await from.send(prefs(" default='sometimes'"))
    expect(from.heard()[0]).toContain('bad-request')
    await from.send(prefs(" default='always'", jids('never', 'a@b.example', 'c@d.example')))
    expect(from.heard()[0]).toContain('resource-constraint')
  })

  test('are read once, and forgotten with their account', async () => {
    let reads = 0
    const counting = {
      store: (store: ReturnType<typeof fakeHost>['store']) => ({
        ...store,
        preferences: (account: Parameters<typeof store.preferences>[0]) => {
          reads += 1
          return store.preferences(account)
        },
      }),
    }
    const { host, from, write, kept } = await setup({ ...counting, options: { cachedPreferences: 1 } })
    await write('a@example.net', 'b@example.net')
    expect(reads).toBe(1)
    await from.send(prefs(" default='never'"))
    await host.remove('romeo@example.com')
    await from.leave()
    const next = await host.connect(romeo)
    await next.says('c@example.net', 'hi')
    expect(await kept()).toBe('c@example.net')
    // With room for one, a second account takes its place.
    const other = await host.connect('mercutio@example.com/x')
    await other.says('a@example.net', 'hi')
    const before = reads
    await next.says('d@example.net', 'hi')
    expect(reads).toBe(before + 1)
  })
})
