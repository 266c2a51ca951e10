// @ts-check
// The servers that can be measured, xmppkit first.
import { ejabberd } from './ejabberd.mjs'
import { prosody } from './prosody.mjs'
import { xmppkit } from './xmppkit.mjs'

/** @type {readonly import('./start.mjs').ServerKind[]} */
export const serverKinds = [xmppkit, prosody, ejabberd]
