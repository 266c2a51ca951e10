/** Most requests one handler has to do with at a time. */
export interface AdmissionLimits {
  /** Of all senders together. */
  readonly maxWaiting: number
  /** Of one sender. */
  readonly maxPerSender: number
}

/** Counts the requests a handler has to do with. */
export interface Admission {
  /** Takes one in; false when there are too many. */
  enter(sender: string): boolean
  /** One that was taken in is over. */
  leave(sender: string): void
}

/** Makes an {@link Admission} that has let nobody in. */
export function createAdmission({ maxWaiting, maxPerSender }: AdmissionLimits): Admission {
  const bySender = new Map<string, number>()
  let total = 0
  return {
    enter(sender) {
      const own = bySender.get(sender) ?? 0
      if (total >= maxWaiting || own >= maxPerSender) return false
      total += 1
      bySender.set(sender, own + 1)
      return true
    },
    leave(sender) {
      const own = bySender.get(sender) ?? 0
      total -= 1
      if (own <= 1) bySender.delete(sender)
      else bySender.set(sender, own - 1)
    },
  }
}
