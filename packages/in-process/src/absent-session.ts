import type { C2sSession } from '@xmppkit/c2s'
import type { FullJid } from '@xmppkit/jid'

/** The session hooks are shown where somebody sends in the name of an account without being there: nothing reaches it. */
export function absentSession(jid: FullJid): C2sSession {
  return Object.freeze({
    sid: `in-process ${jid}`,
    jid,
    account: jid.bare,
    state: Object.freeze({
      domain: jid.domain,
      from: undefined,
      lang: undefined,
      id: '',
      secure: true,
      tls: undefined,
      authenticated: jid.bare,
      mechanism: undefined,
      bound: jid,
      remoteAddress: '',
      framing: 'stream',
      canStartTls: false,
    }),
    presence: undefined,
    connected: true,
    ended: false,
    updatePresence() {},
    send() {},
    end() {},
  })
}
