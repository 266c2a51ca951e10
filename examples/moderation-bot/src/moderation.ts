import type { Bot } from '@xmppkit/in-process'
import type { Clock } from '@xmppkit/runtime'
import type { Server } from '@xmppkit/server'

/** Settings of {@link startModeration}. */
export interface ModerationOptions {
  /** Address of the bot, with a resource. */
  readonly address: string
  /** Accounts that may give it orders. */
  readonly moderators: readonly string[]
  /** What nobody may write. */
  readonly words: readonly string[]
  /** Offences until somebody is muted. */
  readonly warnings: number
  /** How long somebody is muted, in milliseconds. */
  readonly muteMs: number
}

/** A running watch. */
export interface Moderation extends AsyncDisposable {
  readonly bot: Bot
}

interface Offender {
  count: number
  mutedUntil: number
}

const maxOffenders = 10_000

/** Watches over every message of a server: refuses some, warns and mutes their senders, and reports to its moderators. */
export async function startModeration(
  server: Server,
  clock: Pick<Clock, 'now'>,
  options: ModerationOptions,
): Promise<Moderation> {
  const { moderators, words, warnings, muteMs } = options
  const offenders = new Map<string, Offender>()

  const note = (account: string): Offender => {
    const offender = offenders.get(account) ?? { count: 0, mutedUntil: 0 }
    offender.count += 1
    if (offender.count >= warnings) offender.mutedUntil = clock.now() + muteMs
    // The one noted longest ago is forgiven before the table grows without end.
    offenders.delete(account)
    offenders.set(account, offender)
    if (offenders.size > maxOffenders) offenders.delete(offenders.keys().next().value ?? account)
    return offender
  }

  // #region bot
  const bot = await server.bot(options.address, {
    presence: { status: 'Watching over you' },
    async onMessage(message) {
      const from = message.from.bare.toString()
      if (!moderators.includes(from)) return void (await message.reply('I only talk to moderators.'))
      const [order, account = ''] = message.body?.trim().split(/\s+/) ?? []
      if (order === 'forgive') {
        await message.reply(offenders.delete(account) ? `${account} is forgiven.` : `${account} did nothing.`)
      } else if (order === 'list') {
        const lines = [...offenders].map(([name, { count }]) => `${name}: ${count}`)
        await message.reply(lines.join('\n') || 'Nobody did anything.')
      } else await message.reply('I know: list, forgive ACCOUNT')
    },
  })
  // #endregion

  const tellModerators = (text: string) => Promise.all(moderators.map((to) => bot.send({ to, body: text })))

  // #region review
  const review = server.onMessage(
    async (message) => {
      const account = message.from.bare.toString()
      if (message.body === undefined || account === bot.account.toString()) return undefined
      if ((offenders.get(account)?.mutedUntil ?? 0) > clock.now()) return message.reject('You are muted.')
      const word = words.find((one) => message.body?.toLowerCase().includes(one))
      if (word === undefined) return undefined
      const { count } = note(account)
      const left = Math.max(0, warnings - count)
      await tellModerators(`${account} said ${word} to ${message.to?.bare}; ${left} more and they are muted.`)
      return message.reject(left > 0 ? `Not here. ${left} more and you are muted.` : 'You are muted.')
    },
    { label: 'moderation' },
  )
  // #endregion

  return {
    bot,
    async [Symbol.asyncDispose]() {
      review[Symbol.dispose]()
      await bot.close()
    },
  }
}
