import type { Awaitable } from '@xmppkit/runtime'
import type { SaslSuccess } from '@xmppkit/sasl'
import { isSaslFailure, NS, SaslFailure, type SaslFailureCondition } from '@xmppkit/stanza'
import type { FeatureIo, StreamState } from '@xmppkit/stream'
import { Element, type RawElement } from '@xmppkit/xml'
import type { InlineContext } from './inline-features.js'
import { addData, nextElement } from './sasl2-exchange.js'

/** The conversation of one task. */
export interface TaskIo {
  /**
   * Sends `<task-data/>` with one element and waits for the client's.
   *
   * @returns the client's `<task-data/>`
   * @throws SaslFailure `aborted`, `malformed-request`
   */
  ask(data: Element): Promise<RawElement>
}

/**
 * Something a client has to do, or asked to do, between its credentials and `<success/>` (XEP-0388 §2.6.3): a second factor,
 * a new password, a new hash of the old one (XEP-0480). Logins with tokens are spared (XEP-0484 §4.2).
 */
export interface LoginTask {
  /** As it is called on the wire, such as `UPGR-SCRAM-SHA-256`. */
  readonly name: string
  /** Its place among the others, ascending. */
  readonly seq: number
  /** An element listed in `<authentication/>`, for tasks clients may ask for. */
  advertise?(state: StreamState): Element | undefined
  /** Whether this login has to do it. */
  due(login: Omit<InlineContext, 'bound'>): Awaitable<boolean>
  /**
   * Does it.
   *
   * @param next - the client's `<next/>`
   * @throws SaslFailure if the login is to fail
   */
  run(next: RawElement, io: TaskIo, login: Omit<InlineContext, 'bound'>): Awaitable<void>
}

/** How the tasks of a login went. */
export type TasksOutcome = 'none' | 'done' | SaslFailureCondition

/**
 * Does the tasks that are due, one after another.
 *
 * @param success - what the mechanism came to; its data go with the first `<continue/>`
 * @returns `none` if none was due, or why the login failed
 */
export async function doTasks(
  tasks: readonly LoginTask[],
  io: FeatureIo,
  login: Omit<InlineContext, 'bound'>,
  success: SaslSuccess,
): Promise<TasksOutcome> {
  let outcome: TasksOutcome = 'none'
  for (const task of tasks) {
    if (!(await task.due(login))) continue
    io.send(continueElement(task, outcome === 'none' ? success : undefined))
    try {
      await task.run(await nextOf(task, io), taskIo(io), login)
    } catch (error) {
      if (isSaslFailure(error)) return error.condition
      throw error
    }
    outcome = 'done'
  }
  return outcome
}

function continueElement({ name }: LoginTask, success: SaslSuccess | undefined): Element {
  const el = new Element('continue', { xmlns: NS.sasl2 })
  if (success !== undefined) addData(el, success)
  el.c('tasks').c('task').t(name)
  return el
}

async function nextOf(task: LoginTask, io: FeatureIo): Promise<RawElement> {
  const el = await expected('next', io)
  if (el.attr('task') === task.name) return el
  throw new SaslFailure('malformed-request', { text: 'this task is not due' })
}

function taskIo(io: FeatureIo): TaskIo {
  return {
    ask(data) {
      io.send(new Element('task-data', { xmlns: NS.sasl2 }).cnode(data).up() as Element)
      return expected('task-data', io)
    },
  }
}

async function expected(name: string, io: FeatureIo): Promise<RawElement> {
  const el = await nextElement(io)
  if (el.name === name) return el
  throw new SaslFailure(el.name === 'abort' ? 'aborted' : 'malformed-request')
}
