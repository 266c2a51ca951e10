import { describe, expect, test } from 'vitest'
import { createIqScene } from './iq-scene.js'
import { createVersion, versionGet } from './version.js'

const server = 'capulet.example'
const { request } = versionGet
const question = request.encode({})

describe('XEP-0092', () => {
  test('name and version are told, the operating system is not', async () => {
    const scene = createIqScene()
    createVersion(scene, { version: '1.2.3' })
    const answer = await scene.send('get', server, 'romeo@montague.example/orchard', question)
    expect(answer.payload(versionGet.result!)).toEqual({ name: 'xmppkit', version: '1.2.3' })
    expect(answer.element.getChild('query')?.children).toHaveLength(2)
  })

  test('the operating system is told if somebody wants that', async () => {
    const scene = createIqScene()
    createVersion(scene, { name: 'Exodus', version: '0.7.0.4', os: 'Windows-XP 5.01.2600' })
    expect((await scene.send('get', server, 'a@b/c', question)).payload(versionGet.result!)).toEqual({
      name: 'Exodus',
      version: '0.7.0.4',
      os: 'Windows-XP 5.01.2600',
    })
  })

  test('it is said to be supported while it is, by the server only', async () => {
    const scene = createIqScene()
    const version = createVersion(scene, { version: '' })
    expect(await scene.features(server)).toContain('jabber:iq:version')
    expect(await scene.features('juliet@capulet.example')).not.toContain('jabber:iq:version')
    version[Symbol.dispose]()
    expect(await scene.features(server)).not.toContain('jabber:iq:version')
  })
})
