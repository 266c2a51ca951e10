import { createHooks, event } from '@xmppkit/hooks'
import { type BareJid, type Jid, parseJid } from '@xmppkit/jid'
import { createManualClock, type Logger } from '@xmppkit/runtime'
import { type Element, parseElement } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import type { AbuseReport } from './report.js'
import { createReporting } from './reporting.js'
import type { ReportingOptions } from './reporting-options.js'
import { abuseReported } from './tokens.js'

// As @xmppkit/blocking declares it.
const blocklistChanged = event<{
  account: BareJid
  by: Jid | undefined
  blocked: { jid: Jid; extensions: Element[] }[]
  unblocked: Jid[]
}>('blocking/blocklist-changed')

const account = parseJid('juliet@example.com').bare
const report = (content = '', attributes = "reason='urn:xmpp:reporting:spam'") =>
  `<report xmlns='urn:xmpp:reporting:1' ${attributes}>${content}</report>`

function scene(options: ReportingOptions = {}) {
  const logged: string[] = []
  const note = (message: string) => void logged.push(message)
  const logger: Logger = { debug() {}, info() {}, warn: note, error: note, child: () => logger }
  const hooks = createHooks({
    onError: (error) => {
      throw error
    },
  })
  const clock = createManualClock()
  const reporting = createReporting({ hooks, clock, logger }, options)
  const heard: AbuseReport[] = []
  hooks.on(abuseReported, (one) => void heard.push(one))
  return {
    clock,
    logged,
    reporting,
    heard,
    async block(...extensions: string[]) {
      const blocked = [
        {
          jid: parseJid('romeo@example.net'),
          extensions: extensions.map((xml) => parseElement(xml).toElement()),
        },
      ]
      await hooks.run(blocklistChanged, { account, by: undefined, blocked, unblocked: [] })
    },
  }
}

describe('a report with a block', () => {
  test('is handed on with all it says', async () => {
    const { block, heard } = scene()
    await block(
      "<other xmlns='urn:other'/>",
      report(
        "<stanza-id xmlns='urn:xmpp:sid:0' by='juliet@example.com' id='1'/><text xml:lang='en'>Spam!</text><text>Werbung</text><report-origin/>",
      ),
    )
    expect(heard).toEqual([
      {
        account,
        reported: parseJid('romeo@example.net'),
        reason: 'urn:xmpp:reporting:spam',
        texts: [{ lang: 'en', text: 'Spam!' }, { text: 'Werbung' }],
        stanzaIds: [{ by: account, id: '1' }],
        mayTellOrigin: true,
        mayTellThirdParties: false,
      },
    ])
  })

  test('is one of few: a block without it, or with one of another kind, is none', async () => {
    const { block, heard } = scene()
    await block()
    await block("<report xmlns='urn:xmpp:reporting:0'><spam/></report>")
    expect(heard).toEqual([])
  })

  test.each([
    report('', ''),
    report('', "reason=''"),
    report('', `reason='${'x'.repeat(256)}'`),
    report("<stanza-id xmlns='urn:xmpp:sid:0' id='1'/>"),
  ])('is ignored and logged if it cannot be read: %s', async (xml) => {
    const { block, heard, logged } = scene()
    await block(xml)
    expect([heard, logged]).toEqual([[], ['a report was ignored: it cannot be read']])
  })

  test('L-1: is cut where it is long, and ignored where there are many, for a while', async () => {
    const { block, heard, logged, clock } = scene({
      maxReportsPerWindow: 2,
      reportsWindowMs: 1000,
      maxTextLength: 3,
    })
    await block(report('<text>12345</text>'))
    expect(heard[0]?.texts).toEqual([{ text: '123' }])
    await block(report())
    await block(report())
    expect([heard.length, logged]).toEqual([2, ['a report was ignored: there are too many']])
    await clock.advance(1001)
    await block(report())
    expect(heard).toHaveLength(3)
  })

  test('is ignored when nobody takes reports any more', async () => {
    const { block, heard, reporting } = scene()
    await reporting.close()
    await block(report())
    expect(heard).toEqual([])
  })
})
