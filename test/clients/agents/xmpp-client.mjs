// @xmpp/client in a process of its own, driven by lines of JSON (see commands.mjs).
import { createHash } from 'node:crypto'
import { client, xml } from '@xmpp/client'
import { heedEarlyOpen } from '../../interop/heed-early-open.mjs'
import { serveCommands, tell } from './commands.mjs'

let xmpp
let nextQuery = 0
/** Results of archive queries by their id. */
const results = new Map()
const kept = {}

/** The message inside a wrapper of carbons or of the archive. */
const forwarded = (wrapper) =>
  wrapper?.getChild('forwarded', 'urn:xmpp:forward:0')?.getChild('message', 'jabber:client')

function hearMessage(stanza) {
  const result = stanza.getChild('result', 'urn:xmpp:mam:2')
  if (result) {
    results.get(result.attrs.queryid)?.push(forwarded(result).getChildText('body'))
    return
  }
  for (const way of ['sent', 'received']) {
    const copy = forwarded(stanza.getChild(way, 'urn:xmpp:carbons:2'))
    if (copy) tell('message', { way, from: copy.attrs.from, body: copy.getChildText('body') })
  }
  const body = stanza.getChildText('body')
  const condition = stanza.getChild('error')?.getChildElements()[0]?.name
  if (condition) tell('refused', { from: stanza.attrs.from, condition })
  else if (body !== null) tell('message', { way: 'direct', from: stanza.attrs.from, body })
}

function hearPresence(stanza) {
  const update = stanza.getChild('x', 'vcard-temp:x:update')
  tell('presence', {
    from: stanza.attrs.from,
    type: stanza.attrs.type ?? 'available',
    photo: update?.getChildText('photo') ?? null,
  })
}

/** Keeps the token of FAST, as a real installation would on its disk. */
function keepToken(fast) {
  fast.fetchToken = async () => kept.token
  fast.saveToken = async (token) => {
    kept.token = token
  }
  fast.deleteToken = async () => {
    delete kept.token
  }
}

async function login({ port, way, user, password, resource, installation, token }) {
  xmpp = client({
    service: `${way === 'direct' ? 'xmpps' : 'xmpp'}://127.0.0.1:${port}`,
    domain: 'chat.test',
    username: user,
    password,
    resource,
    userAgent: xml('user-agent', { id: installation }),
  })
  const used = []
  if (token) kept.token = token
  keepToken(xmpp.fast)
  heedEarlyOpen(xmpp)
  xmpp.reconnect.delay = 50
  xmpp.on('error', () => {})
  xmpp.on('send', (element) => {
    if (element.name === 'authenticate') used.push(element.attrs.mechanism)
  })
  xmpp.on('element', (element) => {
    if (element.is('success', 'urn:xmpp:sasl:2') && element.getChild('bound', 'urn:xmpp:bind:0'))
      used.push('bound')
  })
  xmpp.on('stanza', (stanza) => {
    if (stanza.is('message')) hearMessage(stanza)
    else if (stanza.is('presence')) hearPresence(stanza)
  })
  xmpp.streamManagement.on('resumed', () => tell('resumed'))
  const jid = String(await xmpp.start())
  await xmpp.send(xml('presence'))
  return { jid, used, token: kept.token ?? null }
}

const blocking = (name, jid) => xml(name, 'urn:xmpp:blocking', jid && xml('item', { jid }))

async function page(direction, max, edge) {
  const queryid = `q${nextQuery++}`
  const found = []
  results.set(queryid, found)
  const point = edge === undefined && direction === 'after' ? undefined : xml(direction, {}, edge)
  const set = xml('set', 'http://jabber.org/protocol/rsm', xml('max', {}, String(max)), point)
  const query = xml('query', { xmlns: 'urn:xmpp:mam:2', queryid }, set)
  const answer = await xmpp.iqCaller.request(xml('iq', { type: 'set' }, query))
  results.delete(queryid)
  const fin = answer.getChild('fin', 'urn:xmpp:mam:2')
  const answered = fin.getChild('set', 'http://jabber.org/protocol/rsm')
  return {
    found,
    complete: fin.attrs.complete === 'true',
    edge: answered?.getChildText(direction === 'after' ? 'last' : 'first'),
  }
}

serveCommands({
  login,
  logout: () => xmpp.stop(),
  ping: () => xmpp.iqCaller.get(xml('ping', 'urn:xmpp:ping'), 'chat.test').then(() => {}),
  carbons: () => xmpp.iqCaller.set(xml('enable', 'urn:xmpp:carbons:2')).then(() => {}),
  send: ({ to, body }) => xmpp.send(xml('message', { to, type: 'chat' }, xml('body', {}, body))),
  block: ({ jid }) => xmpp.iqCaller.set(blocking('block', jid)).then(() => {}),
  unblock: ({ jid }) => xmpp.iqCaller.set(blocking('unblock', jid)).then(() => {}),
  async blocked() {
    const list = await xmpp.iqCaller.get(blocking('blocklist'))
    return list.getChildren('item').map((item) => item.attrs.jid)
  },
  async archive({ direction, max }) {
    const pages = []
    for (let edge; ; ) {
      const one = await page(direction === 'forwards' ? 'after' : 'before', max, edge)
      pages.push(one.found)
      if (one.complete) return pages
      edge = one.edge
    }
  },
  async publishVCard({ name, type, photo }) {
    const picture = xml('PHOTO', {}, xml('TYPE', {}, type), xml('BINVAL', {}, photo))
    await xmpp.iqCaller.set(xml('vCard', 'vcard-temp', xml('FN', {}, name), picture))
  },
  async vCard({ of }) {
    const vCard = await xmpp.iqCaller.get(xml('vCard', 'vcard-temp'), of)
    const photo = Buffer.from(vCard.getChild('PHOTO').getChildText('BINVAL'), 'base64')
    return { name: vCard.getChildText('FN'), hash: createHash('sha1').update(photo).digest('hex') }
  },
})
