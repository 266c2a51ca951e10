import type { FullJid } from '@xmppkit/jid'
import type { DeliveryOutcome, MessageCopies, MessageCustody } from '@xmppkit/sessions'

type Receipt = (outcome: DeliveryOutcome) => void

/**
 * What became of the copies of one message, by resource: a client that has lost its session and has another one with the same
 * address has what it got in the first. Shared by all views of the message.
 */
export class CopyLog implements MessageCopies {
  // Those under way have who wants to hear what becomes of them; the others were written.
  readonly #copies = new Map<string, Set<Receipt> | 'written'>()

  /** Whether a client has a copy, or is being given one. */
  has({ resource }: FullJid): boolean {
    return this.#copies.has(resource)
  }

  /**
   * A client is about to be given a copy; the receipt is to be told what becomes of it.
   *
   * @param custody - who keeps the message itself: its addressee has it with the copy
   */
  add({ resource }: FullJid, custody: MessageCustody | undefined): Receipt {
    const waiting = new Set<Receipt>()
    this.#copies.set(resource, waiting)
    return (outcome) => {
      if (outcome === 'delivered') {
        this.#copies.set(resource, 'written')
        custody?.delivered()
      } else this.#copies.delete(resource)
      for (const done of waiting) done(outcome)
      waiting.clear()
    }
  }

  standIn(done: Receipt, at?: FullJid): boolean {
    const one = at && this.#copies.get(at.resource)
    const copies = at === undefined ? [...this.#copies.values()] : one === undefined ? [] : [one]
    if (copies.includes('written')) {
      done('delivered')
      return true
    }
    const first = firstDelivered(done, copies.length)
    for (const copy of copies) if (copy !== 'written') copy.add(first)
    return copies.length > 0
  }
}

/** Told of several outcomes, tells the first success, or that there was none. */
function firstDelivered(done: Receipt, count: number): Receipt {
  let left = count
  let told = false
  return (outcome) => {
    left -= 1
    if (told || (outcome === 'failed' && left > 0)) return
    told = true
    done(outcome)
  }
}
