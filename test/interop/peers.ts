import { execFileSync } from 'node:child_process'

/**
 * Whether a program of another project is on this machine. Where peers are required (continuous
 * integration), a missing one is a failure.
 *
 * @param name - what it is called
 * @param probe - a command that succeeds when it is there
 */
export function hasPeer(name: string, [file, ...args]: readonly [string, ...string[]]): boolean {
  try {
    execFileSync(file, args, { stdio: 'ignore' })
    return true
  } catch (cause) {
    if (process.env.XMPPKIT_PEERS !== 'required') return false
    throw new Error(`${name} is required here and missing; install it (see .ci/run)`, { cause })
  }
}
