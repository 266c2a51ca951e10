import {
  createStreamReader,
  escapeAttribute,
  type RawElement,
  type StreamClose,
  type StreamOpen,
  type StreamReader,
  textFromWire,
  type Wire,
} from '@xmppkit/xml'
import type { WireClientDeps } from './wire-client.js'

type ClientTransport = WireClientDeps['transport']
type Sink = Parameters<ClientTransport['attach']>[0]

/** Is told of frames. */
export interface FrameSink {
  /** A frame came. */
  frame(text: string): void
  /** No more will come. */
  gone(): void
}

/** A way to exchange whole elements: WebSocket messages, the contents of BOSH bodies. */
export interface FrameTransport {
  /** Says who is told of frames. */
  attach(sink: FrameSink): void
  /** Sends one frame. */
  send(frame: string): void
  /** Closes when everything is sent. */
  end(): void
  /** Closes at once. */
  destroy(): void
}

const framing = 'urn:ietf:params:xml:ns:xmpp-framing'
const unlimited = {
  maxBytes: Number.POSITIVE_INFINITY,
  maxDepth: Number.POSITIVE_INFINITY,
  maxElements: Number.POSITIVE_INFINITY,
  maxAttributes: Number.POSITIVE_INFINITY,
  maxNameBytes: Number.POSITIVE_INFINITY,
  maxNamespaces: Number.POSITIVE_INFINITY,
}

/**
 * Lets a client that speaks as over TCP exchange frames (RFC 7395): its header becomes `<open/>`, each of its elements a message
 * of its own with its namespaces, its closing tag `<close/>`; and the other way around. What it says that is no XML is sent as it
 * is.
 *
 * @example
 * ```ts
 * const juliet = createWireClient({ transport: framedTransport(frames) }, { domain: 'example.org' })
 * ```
 */
export function framedTransport(frames: FrameTransport): ClientTransport {
  let sink: Sink | undefined
  let reader: StreamReader = createStreamReader({ limits: unlimited })
  let broken = false
  frames.attach({
    frame: (text) => sink?.receive(Buffer.from(inStream(text), 'utf8')),
    gone: () => sink?.disconnected(),
  })

  const sendRaw = (wire: Wire) => {
    broken = true
    frames.send(textFromWire(wire))
  }

  return {
    attach(to) {
      sink = to
    },
    write(wire) {
      if (broken) return sendRaw(wire)
      // A client opens a stream anew on the same connection.
      if (/^\s*(<\?xml[^>]*\?>\s*)?<stream:stream\b/.test(wire))
        reader = createStreamReader({ limits: unlimited })
      try {
        reader.push(Buffer.from(wire, 'latin1'))
        for (let event = reader.next(); event; event = reader.next()) frames.send(inFrame(event))
      } catch {
        sendRaw(wire)
      }
      if (reader.buffered > 0 && !/^\s*$/.test(wire)) sendRaw(wire)
    },
    end: () => frames.end(),
    destroy: () => frames.destroy(),
  }
}

function inFrame(event: StreamOpen | RawElement | StreamClose): string {
  if (event.kind === 'close') return `<close xmlns='${framing}'/>`
  if (event.kind === 'element') return textFromWire(event.toWire({ declare: true }))
  const attributes = event.header.attributes
    .filter(([name]) => !name.startsWith('xmlns'))
    .map(([name, value]) => ` ${name}='${escapeAttribute(value)}'`)
  return `<open xmlns='${framing}'${attributes.join('')}/>`
}

function inStream(frame: string): string {
  if (frame.startsWith(`<close xmlns='${framing}'`)) return '</stream:stream>'
  if (!frame.startsWith(`<open xmlns='${framing}'`)) return frame
  const attributes = frame.slice(`<open xmlns='${framing}'`.length, -2)
  return `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'${attributes}>`
}
