import { removeUser } from '@xmppkit/auth'
import { AccountsService } from '@xmppkit/auth/module'
import { BlockingService } from '@xmppkit/blocking/module'
import { parseJid } from '@xmppkit/jid'
import { use } from '@xmppkit/module'
import { type AbuseReport, abuseReported } from '@xmppkit/reporting'
import { blockStrangersModule } from '@xmppkit/reporting/module'
import { expect, test } from 'vitest'
import { inMemory, type Place } from './ways.js'

const password = 'r0m30'
const [capulet, montague] = ['capulet.test', 'montague.test']

async function person(place: Place, name: string, domain = capulet!) {
  const account = parseJid(`${name}@${domain}`).bare
  const accounts = place.server.host().get(AccountsService)
  if (!(await accounts.exists(account))) await accounts.register(account, password)
  const client = place.dial(domain)
  await client.login({ username: name, password })
  return client
}

test('a report that comes with a block reaches the program, and nobody else', async () => {
  await using place = await inMemory.open()
  const reports: AbuseReport[] = []
  place.server.host().hooks.on(abuseReported, (report) => void reports.push(report))
  const juliet = await person(place, 'juliet')
  juliet.send("<iq type='get' id='l'><blocklist xmlns='urn:xmpp:blocking'/></iq>")
  await juliet.forget()
  juliet.send(
    `<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'><item jid='paris@verona.test'><report xmlns='urn:xmpp:reporting:1' reason='urn:xmpp:reporting:spam'><text xml:lang='en'>Happily met</text></report></item></block></iq>`,
  )
  const push = await juliet.expect(
    "<iq type='set'><block xmlns='urn:xmpp:blocking'><item jid='paris@verona.test' _children='0'/></block></iq>",
  )
  expect(push.attr('from')).toBeUndefined()
  await juliet.expect("<iq type='result' id='b'/>")
  expect(reports).toEqual([
    expect.objectContaining({
      account: juliet.jid.bare,
      reported: parseJid('paris@verona.test'),
      reason: 'urn:xmpp:reporting:spam',
      texts: [{ lang: 'en', text: 'Happily met' }],
    }),
  ])
})

test('BLOCK-7 SEC-34: strangers are kept out until they are contacts', async () => {
  await using place = await inMemory.open({
    modules: [use(blockStrangersModule, { allowLocalUsers: false })],
  })
  const juliet = await person(place, 'juliet')
  const romeo = await person(place, 'romeo', montague)
  juliet.send('<presence/>')
  await juliet.forget()
  const say = (id: string) =>
    romeo.send(`<message to='${juliet.jid.bare}' type='chat' id='${id}'><body>x</body></message>`)
  const refused = (id: string) =>
    `<message type='error' id='${id}'><error><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`
  say('1')
  await romeo.expect(refused('1'))
  // To ask is not enough.
  romeo.send(`<presence to='${juliet.jid.bare}' type='subscribe'/>`)
  await juliet.expect("<presence type='subscribe'/>")
  await romeo.forget()
  say('2')
  await romeo.expect(refused('2'))
  // To show oneself to somebody is.
  juliet.send(`<presence to='${romeo.jid}'/>`)
  await romeo.expect(`<presence from='${juliet.jid}'/>`)
  say('3')
  await juliet.expect("<message id='3'/>")
  juliet.send(`<presence to='${romeo.jid}' type='unavailable'/>`)
  await romeo.expect("<presence type='unavailable'/>")
  say('4')
  await romeo.expect(refused('4'))
  juliet.send(
    `<iq type='set' id='r'><query xmlns='jabber:iq:roster'><item jid='${romeo.jid.bare}'/></query></iq>`,
  )
  await juliet.find("<iq type='result' id='r'/>")
  say('5')
  await juliet.expect("<message id='5'/>")
})

test('P-10: a blocklist ends with its account', async () => {
  await using place = await inMemory.open()
  const juliet = await person(place, 'juliet')
  juliet.send(
    "<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'><item jid='paris@verona.test'/></block></iq>",
  )
  await juliet.expect("<iq type='result' id='b'/>")
  const host = place.server.host()
  const account = juliet.jid.bare
  expect(await host.get(BlockingService).items(account)).toHaveLength(1)
  const removed: string[] = []
  host.hooks.on(removeUser, (of) => void removed.push(of.account.toString()), { seq: 1000 })
  await host.get(AccountsService).remove(account)
  expect(removed).toEqual([account.toString()])
  await juliet.ended
  await person(place, 'juliet')
  expect(await host.get(BlockingService).items(account)).toEqual([])
})
