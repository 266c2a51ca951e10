import { existsSync, readdirSync } from 'node:fs'
import type { EventToken, FilterToken, Hooks } from '@xmppkit/hooks'
import type { Awaitable } from '@xmppkit/runtime'
import type { Server } from '@xmppkit/server'

/** A hook of any package, whatever it carries. */
export type AnyToken = EventToken<unknown> | FilterToken<unknown, unknown>

const packages = new URL('../../packages/', import.meta.url)

/** Every hook token the packages of this repository export. */
export async function allTokens(): Promise<readonly AnyToken[]> {
  const found = new Map<string, AnyToken>()
  for (const name of readdirSync(packages)) {
    for (const entry of ['index.ts', 'module.ts']) {
      const source = new URL(`${name}/src/${entry}`, packages)
      if (!existsSync(source)) continue
      const exported: Record<string, unknown> = await import(source.href)
      for (const value of Object.values(exported)) if (isToken(value)) found.set(value.name, value)
    }
  }
  return [...found.values()]
}

function isToken(value: unknown): value is AnyToken {
  if (typeof value !== 'object' || value === null) return false
  const { kind, name } = value as Record<string, unknown>
  return (kind === 'event' || kind === 'filter') && typeof name === 'string' && name.includes('/')
}

/** Puts a handler in every hook: it is shown the payloads, and changes nothing. */
export function listen(
  hooks: Hooks,
  tokens: readonly AnyToken[],
  handler: (token: AnyToken, value: unknown, payload: unknown) => unknown,
): void {
  for (const token of tokens) {
    if (token.kind === 'event') hooks.on(token, (payload) => void handler(token, payload, undefined))
    else
      hooks.on(token, (value, payload) => {
        handler(token, value, payload)
        return value
      })
  }
}

/** Puts a handler in every hook of a server that lets all pass, when `pass` says so. */
export async function letAllPass(
  server: Server,
  pass: <V>(value: V) => Awaitable<V>,
  called: (token: AnyToken) => void = () => {},
): Promise<void> {
  const tokens = await allTokens()
  for (const hooks of [server.hooks, ...[...server.hosts.values()].map((host) => host.hooks)]) {
    for (const token of tokens) {
      if (token.kind === 'event') {
        hooks.on(token, () => {
          called(token)
          return pass(undefined)
        })
      } else {
        hooks.on(token, (value) => {
          called(token)
          return pass(value)
        })
      }
    }
  }
}
