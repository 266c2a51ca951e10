import { boundedString, defineIq, element, flag, type Infer, NS, optionalChild, text } from '@xmppkit/stanza'

const field = (name: string, max: number) => optionalChild(text(name, NS.register, boundedString({ max })))

/** The `<query xmlns='jabber:iq:register'/>` of XEP-0077. */
export const registerQuery = element('query', NS.register, {
  /** Says that whoever asks has an account already. */
  registered: flag('registered', NS.register),
  /** Asks to delete it. */
  remove: flag('remove', NS.register),
  /** Text shown above the form. */
  instructions: field('instructions', 4096),
  /** Name of the account, without its domain; empty in a form to fill in. */
  username: field('username', 3071),
  /** Its password; empty in a form to fill in. */
  password: field('password', 4096),
})

/** A registration request or form as it is on the wire. */
export interface RegisterPayload extends Infer<typeof registerQuery> {}

/** Asks what is needed to register (XEP-0077 §3.1). */
export const registerGet = defineIq({ type: 'get', request: registerQuery, result: registerQuery })

/** Registers, changes the password, or cancels the registration (XEP-0077 §3.1 to §3.3). */
export const registerSet = defineIq({ type: 'set', request: registerQuery })
