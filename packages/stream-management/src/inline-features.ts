import { inlineSeq } from '@xmppkit/auth'
import type { C2s } from '@xmppkit/c2s'
import { createScope, isThenable } from '@xmppkit/runtime'
import { NS } from '@xmppkit/stanza'
import { Element } from '@xmppkit/xml'
import type { Resumption, StreamManagement } from './stream-management.js'

// Behind what says what the session is to get: from then on everything counts.
const afterOthers = 60

/** Lets clients resume together with their login, and enable it together with their binding (XEP-0198 §9), until disposed. */
export function joinLogins(
  { inline, bind2 }: Pick<C2s, 'inline' | 'bind2'>,
  { enable, resume }: Pick<StreamManagement, 'enable' | 'resume'>,
): AsyncDisposable {
  const advertisement = new Element('sm', { xmlns: NS.streamManagement })
  const scope = createScope()
  scope.use(
    inline.add({
      name: 'resume',
      seq: inlineSeq.resume,
      binds: true,
      advertise: () => advertisement,
      wants: ({ element }) => element.has('resume', NS.streamManagement),
      negotiate({ element, account, state }) {
        const request = element.child('resume', NS.streamManagement)
        if (request === undefined) return {}
        const resumption = resume(request, account, state)
        return isThenable(resumption) ? resumption.then(answered) : answered(resumption)
      },
    }),
  )
  scope.use(
    bind2.add({
      name: 'stream-management',
      seq: afterOthers,
      feature: NS.streamManagement,
      wants: (request) => request.has('enable', NS.streamManagement),
      negotiate({ request, state }) {
        const el = request.child('enable', NS.streamManagement)
        return el && enable(el, state)
      },
    }),
  )
  return { [Symbol.asyncDispose]: () => scope.close() }
}

function answered({ answer, bound }: Resumption) {
  return bound === undefined ? { element: answer } : { element: answer, bound, resumed: true }
}
