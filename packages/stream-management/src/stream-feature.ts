import type { BareJid } from '@xmppkit/jid'
import { type Awaitable, isThenable } from '@xmppkit/runtime'
import { NS, StreamError } from '@xmppkit/stanza'
import type { FeatureIo, StreamChange, StreamFeature, StreamState } from '@xmppkit/stream'
import { Element, type RawElement } from '@xmppkit/xml'
import { ackElement, failedElement, readHandled } from './elements.js'
import type { Keeper } from './keeper.js'
import type { Resumption } from './stream-management.js'

const advertised = new Element('sm', { xmlns: NS.streamManagement })

/** What the feature asks. */
export interface FeatureDeps {
  enable(el: RawElement, state: StreamState): Element
  resume(el: RawElement, account: BareJid, state: StreamState): Awaitable<Resumption>
  keeperOf(state: StreamState): Keeper | undefined
}

/** Makes the feature of streams: `<sm/>`, and every element of the namespace. */
export function streamManagementFeature(deps: FeatureDeps): StreamFeature {
  return {
    name: 'stream-management',
    ns: NS.streamManagement,
    offered: ({ authenticated }) => authenticated !== undefined,
    // A session that has it from its login is not to ask for it again (@xmpp/client would).
    advertise: (state) => (deps.keeperOf(state) === undefined ? advertised : undefined),
    negotiate: (el, io) => negotiate(deps, el, io),
    // SM-3: too early is no reason to end the stream.
    refuse: (_el, io) => unexpected(io),
  }
}

function negotiate(deps: FeatureDeps, el: RawElement, io: FeatureIo): Awaitable<StreamChange> {
  switch (el.name) {
    case 'r':
      return requested(deps, el, io)
    case 'a':
      return acknowledged(deps, el, io)
    case 'enable':
      if (io.state.bound === undefined) return unexpected(io)
      io.send(deps.enable(el, io.state))
      return {}
    case 'resume':
      return resume(deps, el, io)
    default:
      throw new StreamError('unsupported-stanza-type')
  }
}

function requested({ keeperOf }: FeatureDeps, el: RawElement, io: FeatureIo): StreamChange {
  const keeper = keeperOf(io.state)
  if (keeper === undefined) return unexpected(io)
  keeper.session.charge(el.size)
  io.send(ackElement(keeper.count))
  return {}
}

function acknowledged({ keeperOf }: FeatureDeps, el: RawElement, io: FeatureIo): StreamChange {
  const keeper = keeperOf(io.state)
  if (keeper === undefined) return unexpected(io)
  keeper.session.charge(el.size)
  const h = readHandled(el)
  if (h === undefined) io.send(failedElement('bad-request'))
  else keeper.acknowledged(h)
  return {}
}

function resume(deps: FeatureDeps, el: RawElement, io: FeatureIo): Awaitable<StreamChange> {
  const { authenticated, bound } = io.state
  if (authenticated === undefined || bound !== undefined) return unexpected(io)
  const answered = ({ answer, bound: jid }: Resumption): StreamChange => {
    io.send(answer)
    return jid === undefined ? {} : { bound: jid }
  }
  const resumption = deps.resume(el, authenticated, io.state)
  return isThenable(resumption) ? resumption.then(answered) : answered(resumption)
}

function unexpected(io: FeatureIo): StreamChange {
  io.send(failedElement('unexpected-request'))
  return {}
}
