// @ts-check
// Logins one after another, some at a time: connect, TLS, SCRAM, bind, roster, presence, ping, and leave.
import { forMany, login } from './login.mjs'
import { costOf, sample } from './meter.mjs'

/** @typedef {import('./login.mjs').Target} Target */

/** @param {Target} target @param {number} count @param {number} users @param {'none' | 'starttls'} tls */
async function round(target, count, users, tls) {
  const before = sample(target.pid)
  /** @type {Promise<void>[]} */
  const leaving = []
  await forMany(count, 20, async (i) => {
    const link = await login(target, i % users, { tls })
    // A session that ends does not hold up the next.
    leaving.push(link.leave())
  })
  await Promise.all(leaving)
  return costOf(before, sample(target.pid), count)
}

/**
 * What a login costs at first, and after as many others: a compiler that works while the program runs needs some.
 *
 * @param {Target} target
 * @param {{ count: number, users: number, tls?: 'none' | 'starttls' }} options
 */
export async function logins(target, { count, users, tls = 'none' }) {
  const cold = await round(target, count, users, tls)
  const warm = await round(target, count, users, tls)
  return { cold, warm }
}
