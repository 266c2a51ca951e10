import { randomInt } from 'node:crypto'
import { type ClientRequest, Agent as HttpAgent, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import type { FrameTransport } from '@xmppkit/testing'
import { escapeAttribute, parseElement, type RawElement, textFromWire } from '@xmppkit/xml'

const httpBind = 'http://jabber.org/protocol/httpbind'
const framing = 'urn:ietf:params:xml:ns:xmpp-framing'
const xbosh = "xmlns:xmpp='urn:xmpp:xbosh'"
const unlimited = {
  maxBytes: Number.POSITIVE_INFINITY,
  maxDepth: Number.POSITIVE_INFINITY,
  maxElements: Number.POSITIVE_INFINITY,
  maxAttributes: Number.POSITIVE_INFINITY,
  maxNameBytes: Number.POSITIVE_INFINITY,
  maxNamespaces: Number.POSITIVE_INFINITY,
}

interface Due {
  readonly attributes: string
  readonly content: string
}

/** Exchanges frames over BOSH (XEP-0124, XEP-0206): at most two requests at a time, and always one. */
export function boshFrames(
  url: string,
  options: { readonly ca?: string; readonly headers?: Record<string, string> } = {},
): FrameTransport {
  const secure = url.startsWith('https:')
  const agent = secure
    ? new HttpsAgent({ keepAlive: true, ...(options.ca && { ca: options.ca }) })
    : new HttpAgent({ keepAlive: true })
  let sink: Parameters<FrameTransport['attach']>[0] | undefined
  let rid = randomInt(1, 2 ** 40)
  let sid: string | undefined
  let to = ''
  let over = false
  let isCut = false
  let scheduled = false
  const due: Due[] = []
  const underWay = new Map<number, ClientRequest>()
  const answers = new Map<number, RawElement>()
  let expected = rid

  const finish = () => {
    if (over) return
    over = true
    for (const one of underWay.values()) one.destroy()
    agent.destroy()
    if (!isCut) sink?.gone()
  }

  const post = ({ attributes, content }: Due) => {
    const own = rid
    rid += 1
    const session = sid === undefined ? '' : ` sid='${sid}'`
    const body = `<body xmlns='${httpBind}' rid='${own}'${session}${attributes}>${content}</body>`
    const headers = { 'Content-Type': 'text/xml; charset=utf-8', ...options.headers }
    const sent = (secure ? requestHttps : requestHttp)(
      url,
      { method: 'POST', agent, headers },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          underWay.delete(own)
          if (response.statusCode !== 200) finish()
          else answered(own, parseElement(Buffer.concat(chunks), unlimited))
        })
      },
    )
    sent.on('error', finish)
    underWay.set(own, sent)
    sent.end(body)
  }

  const answered = (own: number, body: RawElement) => {
    answers.set(own, body)
    for (let next = answers.get(expected); next !== undefined && !over; next = answers.get(expected)) {
      answers.delete(expected)
      expected += 1
      take(next)
    }
    work()
  }

  const take = (body: RawElement) => {
    sid ??= body.attr('sid')
    const id = body.attr('authid')
    if (id !== undefined) {
      const from = body.attr('from')
      const named = from === undefined ? '' : ` from='${escapeAttribute(from)}'`
      sink?.frame(`<open xmlns='${framing}' id='${id}'${named} version='1.0'/>`)
    }
    for (let at = 0; at < body.childCount; at += 1) sink?.frame(textFromWire(body.childAt(at).toWire()))
    if (body.attr('type') !== 'terminate') return
    sink?.frame(`<close xmlns='${framing}'/>`)
    finish()
  }

  // Nobody knows the session before it is there; the last request may be one more.
  const mostUnderWay = () => (sid === undefined ? 1 : isCut && due.length === 1 ? 3 : 2)

  const work = () => {
    scheduled = false
    while (!over && underWay.size < mostUnderWay()) {
      const next = due.shift()
      if (next !== undefined) post(next)
      else if (sid !== undefined && underWay.size === 0) post({ attributes: '', content: '' })
      else break
    }
  }

  const schedule = () => {
    if (scheduled || over) return
    scheduled = true
    setImmediate(work)
  }

  return {
    attach(other) {
      sink = other
    },
    send(frame) {
      const last = due.at(-1)
      if (frame.startsWith('<open ')) {
        const attributes = frame.slice(`<open xmlns='${framing}'`.length, -2)
        to = / to='([^']*)'/.exec(attributes)?.[1] ?? to
        due.push({ attributes: opening(attributes, sid !== undefined || due.length > 0), content: '' })
      } else if (frame.startsWith('<close ')) due.push({ attributes: " type='terminate'", content: '' })
      else if (last?.attributes === '')
        due[due.length - 1] = { attributes: '', content: last.content + frame }
      else due.push({ attributes: '', content: frame })
      schedule()
    },
    end: finish,
    // A session outlives its connections. Wanting to be away for longer than may be ends it, without a goodbye and behind
    // what was said before, as a broken connection would.
    destroy() {
      if (over || isCut) return
      isCut = true
      sink?.gone()
      sink = undefined
      due.push({ attributes: " pause='999999'", content: '' })
      schedule()
    },
  }
}

function opening(attributes: string, isRestart: boolean): string {
  if (isRestart) return ` xmpp:restart='true' ${xbosh}${attributes.replace(/ version='[^']*'/, '')}`
  const version = / version='([^']*)'/.exec(attributes)?.[1]
  const stated = version === undefined ? '' : ` xmpp:version='${version}' ${xbosh}`
  return ` wait='60' hold='1' ver='1.11'${stated}${attributes.replace(/ version='[^']*'/, '')}`
}
