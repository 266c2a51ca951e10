import { discoInfoGet } from '@xmppkit/disco'
import { describe, expect, test } from 'vitest'
import { createContactAddresses } from './contact-addresses.js'
import { createIqScene, type IqScene } from './iq-scene.js'

/** The forms in the disco#info of a domain: field names and values. */
async function forms(scene: IqScene, domain: string) {
  const answer = await scene.ask(discoInfoGet, {}, domain, 'a@b/c')
  if (typeof answer !== 'object') throw new Error('no answer')
  return answer.forms.map((form) => [form.type, ...form.fields.map((field) => [field.var, ...field.values])])
}

describe('XEP-0157', () => {
  test('addresses are published in one form, by role', async () => {
    const scene = createIqScene()
    createContactAddresses(scene, {
      abuse: ['mailto:abuse@shakespeare.example', 'xmpp:abuse@shakespeare.example'],
      status: ['https://status.shakespeare.example'],
      sales: [],
    })
    expect(await forms(scene, 'shakespeare.example')).toEqual([
      [
        'result',
        ['FORM_TYPE', 'http://jabber.org/network/serverinfo'],
        ['abuse-addresses', 'mailto:abuse@shakespeare.example', 'xmpp:abuse@shakespeare.example'],
        ['status-addresses', 'https://status.shakespeare.example'],
      ],
    ])
  })

  test('a domain may have addresses of its own besides', async () => {
    const scene = createIqScene()
    createContactAddresses(scene, { abuse: ['mailto:a@all.example'] })
    const own = createContactAddresses(scene, { abuse: ['mailto:a@one.example'] }, 'One.Example.')
    const abuse = async (domain: string) => (await forms(scene, domain))[0]?.[2]
    expect(await abuse('one.example')).toEqual([
      'abuse-addresses',
      'mailto:a@all.example',
      'mailto:a@one.example',
    ])
    expect(await abuse('two.example')).toEqual(['abuse-addresses', 'mailto:a@all.example'])
    own[Symbol.dispose]()
    expect(await abuse('one.example')).toEqual(['abuse-addresses', 'mailto:a@all.example'])
  })

  test('no address, no form', async () => {
    const scene = createIqScene()
    createContactAddresses(scene, {})[Symbol.dispose]()
    createContactAddresses(scene, { admin: [] })
    expect(await forms(scene, 'shakespeare.example')).toEqual([])
  })

  test('what is not a URI or not a role is refused', () => {
    const scene = createIqScene()
    expect(() => createContactAddresses(scene, { abuse: ['abuse@shakespeare.example'] })).toThrow(
      'abuse@shakespeare.example is not a URI',
    )
    expect(() => createContactAddresses(scene, { boss: ['mailto:b@c'] } as never)).toThrow(
      'boss is not a role of XEP-0157',
    )
  })
})
