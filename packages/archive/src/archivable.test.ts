import { hintElement, type MessageInit, message } from '@xmppkit/stanza'
import { parseElement } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { isArchivable } from './archivable.js'

const juliet = 'juliet@example.com'

describe('HINT-1: what belongs into an archive (XEP-0313 §6.1.1, XEP-0334)', () => {
  const archivable = (init: Partial<MessageInit>, ...children: readonly string[]) =>
    isArchivable(message({ to: juliet, ...init }, ...children.map((xml) => parseElement(xml))))
  const body = 'hi'
  const hint = (name: Parameters<typeof hintElement>[0]) => hintElement(name).toString()

  test.each([
    ['chat with a body', { type: 'chat', body }, []],
    ['normal with a body', { body }, []],
    ['a receipt', {}, ["<received xmlns='urn:xmpp:receipts' id='1'/>"]],
    ['a marker', {}, ["<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>"]],
    ['a reaction', {}, ["<reactions xmlns='urn:xmpp:reactions:0' id='1'/>"]],
    ['a retraction', {}, ["<retract xmlns='urn:xmpp:message-retract:1' id='1'/>"]],
    ['encrypted', {}, ["<encrypted xmlns='eu.siacs.conversations.axolotl'/>"]],
    ['a call', {}, ["<propose xmlns='urn:xmpp:jingle-message:0' id='1'/>"]],
    ['anything its sender wants stored', { type: 'headline' }, [hint('store')]],
  ] as const)('%s does', (_, init, children) => {
    expect(archivable(init, ...children)).toBe(true)
  })

  test.each([
    ['an error', { type: 'error', body }, [hint('store')]],
    ['groupchat', { type: 'groupchat', body }, []],
    ['a headline', { type: 'headline', body }, []],
    ['nothing', {}, []],
    ['a chat state', {}, ["<composing xmlns='http://jabber.org/protocol/chatstates'/>"]],
    ['a request for a receipt', {}, ["<request xmlns='urn:xmpp:receipts'/>"]],
    ['markable', {}, ["<markable xmlns='urn:xmpp:chat-markers:0'/>"]],
    ['a body in another namespace', {}, ["<body xmlns='urn:example:x'>x</body>"]],
    ['what is not to be stored', { body }, [hint('no-store'), hint('store')]],
    ['what is not to be archived', { body }, [hint('no-permanent-store')]],
  ] as const)('%s does not', (_, init, children) => {
    expect(archivable(init, ...children)).toBe(false)
  })
})
