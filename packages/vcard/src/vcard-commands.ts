import { account, CommandError, type Commands, defineCommand, list, nothing, text } from '@xmppkit/commands'
import type { BareJid } from '@xmppkit/jid'
import { disposable } from '@xmppkit/runtime'
import { childElement, childElements, isStanzaError, NS } from '@xmppkit/stanza'
import { type Element, rawElement } from '@xmppkit/xml'
import type { VCards } from './vcard.js'
import { vcardOf } from './vcard-payload.js'

/** What {@link registerVCardCommands} needs. */
export interface VCardCommandsDeps {
  /** Where commands are registered. */
  readonly commands: Pick<Commands, 'register'>
  /** What they act on. */
  readonly vcards: Pick<VCards, 'get' | 'change'>
}

const tags = ['vcard']
const policy = 'user'
const maxContents = 100
const name = text({ maxLength: 64, description: 'element of the vCard, such as FN, NICKNAME or N' })
const subname = text({ maxLength: 64, description: 'element inside it, such as FAMILY' })
const content = text({ maxLength: 65_536, description: "its text; '' removes it" })
const contents = list(content, { max: maxContents })

/**
 * Registers the commands about vCards, under ejabberd's names: `get_vcard`, `get_vcard2`, `get_vcard2_multi`, `set_vcard`,
 * `set_vcard2`, `set_vcard2_multi`, `set_nickname`.
 *
 * @example
 * ```ts
 * scope.use(registerVCardCommands({ commands, vcards }))
 * ```
 */
export function registerVCardCommands({ commands, vcards }: VCardCommandsDeps): Disposable {
  const registered = [...readCommands(commands, vcards), ...writeCommands(commands, vcards)]
  return disposable(() => {
    for (const one of registered) one[Symbol.dispose]()
  })
}

function readCommands(commands: Pick<Commands, 'register'>, vcards: Pick<VCards, 'get'>): Disposable[] {
  const only = async (owner: BareJid, path: readonly string[]) => {
    const [first] = await textsAt(vcards, owner, path)
    if (first === undefined)
      throw new CommandError('commands/not-found', `the vCard of ${owner} has no ${path.join(' ')}`)
    return first
  }
  const args = { account: account(), name }
  return [
    commands.register(
      defineCommand({
        name: 'get_vcard',
        tags,
        policy,
        description: 'Tells the text of an element of a vCard',
        args,
        result: text(),
        run: (given) => only(given.account, [given.name]),
      }),
    ),
    commands.register(
      defineCommand({
        name: 'get_vcard2',
        tags,
        policy,
        description: 'Tells the text of an element inside another of a vCard',
        args: { ...args, subname },
        result: text(),
        run: (given) => only(given.account, [given.name, given.subname]),
      }),
    ),
    commands.register(
      defineCommand({
        name: 'get_vcard2_multi',
        tags,
        policy,
        description: 'Tells the texts of all elements of one kind inside others of a vCard',
        args: { ...args, subname },
        result: list(text(), { max: maxContents }),
        run: async (given) => {
          const texts = await textsAt(vcards, given.account, [given.name, given.subname])
          return texts.slice(0, maxContents)
        },
      }),
    ),
  ]
}

function writeCommands(commands: Pick<Commands, 'register'>, vcards: Pick<VCards, 'change'>): Disposable[] {
  const args = { account: account(), name }
  return [
    commands.register(
      defineCommand({
        name: 'set_vcard',
        tags,
        policy,
        description: 'Sets the text of an element of a vCard',
        args: { ...args, content },
        result: nothing(),
        run: (given) => change(vcards, given.account, (vcard) => put(vcard, given.name, [given.content])),
      }),
    ),
    commands.register(
      defineCommand({
        name: 'set_vcard2',
        tags,
        policy,
        description: 'Sets the text of an element inside another of a vCard',
        args: { ...args, subname, content },
        result: nothing(),
        run: (given) =>
          change(vcards, given.account, (vcard) =>
            put(inner(vcard, given.name), given.subname, [given.content]),
          ),
      }),
    ),
    commands.register(
      defineCommand({
        name: 'set_vcard2_multi',
        tags,
        policy,
        description: 'Sets several elements of one kind inside another of a vCard',
        args: { ...args, subname, contents },
        result: nothing(),
        run: (given) =>
          change(vcards, given.account, (vcard) =>
            put(inner(vcard, given.name), given.subname, given.contents),
          ),
      }),
    ),
    commands.register(
      defineCommand({
        name: 'set_nickname',
        tags,
        policy,
        description: 'Sets the nickname in a vCard',
        args: { account: account(), nickname: content },
        result: nothing(),
        run: (given) => change(vcards, given.account, (vcard) => put(vcard, 'NICKNAME', [given.nickname])),
      }),
    ),
  ]
}

async function textsAt(
  vcards: Pick<VCards, 'get'>,
  owner: BareJid,
  path: readonly string[],
): Promise<string[]> {
  const vcard = await vcards.get(owner)
  if (vcard === undefined) throw new CommandError('commands/not-found', `${owner} has no vCard`)
  let found: Element[] = [vcard.toElement()]
  for (const step of path) found = found.flatMap((one) => childElements(one, step, NS.vcard))
  return found.map((one) => one.getText())
}

async function change(
  vcards: Pick<VCards, 'change'>,
  owner: BareJid,
  how: (vcard: Element) => void,
): Promise<void> {
  try {
    await vcards.change(owner, (now) => {
      const vcard = now?.toElement() ?? vcardOf({})
      how(vcard)
      return rawElement(vcard)
    })
  } catch (error) {
    if (!isStanzaError(error)) throw error
    throw new CommandError('commands/conflict', error.message, { cause: error })
  }
}

/** The first child of that name, made where there is none. */
function inner(parent: Element, child: string): Element {
  return childElement(parent, child, NS.vcard) ?? parent.c(child)
}

/** Puts texts in place of all children of that name. */
function put(parent: Element, child: string, texts: readonly string[]): void {
  for (const old of childElements(parent, child, NS.vcard)) parent.remove(old)
  for (const one of texts) if (one !== '') parent.c(child).t(one)
}
