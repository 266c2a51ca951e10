// @ts-check
// What is measured.
import { cpu, figure, kibibytes } from './cell.mjs'
import { maxSessions } from './machine.mjs'
import { archiveCells, limitCells, scaleCells } from './own-cells.mjs'

/** @typedef {import('./cell.mjs').Cell} Cell */

/**
 * @param {{ quick: boolean, sessions: number }} settings
 * @returns {Cell[]}
 */
export function cellsFor({ quick, sessions }) {
  /** A count or time as it is, or as small as still makes sense. @param {number} full @param {number} tiny */
  const size = (full, tiny) => (quick ? tiny : full)
  const time = { warmupMs: size(2000, 100), durationMs: size(5000, 200), operations: size(20_000, 200) }
  const pairs = { count: size(200, 20), size: 500, ...time }
  const requests = { count: size(100, 10), window: 4, ...time }
  const settleMs = size(30_000, 900)
  const many = Math.min(maxSessions(), size(20_000, 200))
  const shown = Math.min(maxSessions(), sessions)
  /** @param {string} name @param {string} title @param {object} options @returns {Cell} */
  const chat = (name, title, options) => ({
    name,
    title,
    load: 'chat',
    options: { ...pairs, ...options },
    users: pairs.count,
    figures: [cpu],
    chart: 'cost',
  })
  /** @param {string} kind @param {string} title @returns {Cell} */
  const iq = (kind, title) => ({
    name: `iq-${kind}`,
    title,
    load: 'iq',
    options: { kind, ...requests },
    users: requests.count,
    figures: [cpu],
    chart: 'cost',
  })
  /** @type {Cell[]} */
  const cells = [
    ...loginCells(size),
    chat('chat-w8', 'chat, 8 in flight, 500 B', { window: 8 }),
    chat('chat-w1', 'chat, one in flight, 500 B', { window: 1 }),
    chat('chat-w8-tls', 'chat, 8 in flight, 500 B, TLS 1.3', { window: 8, tls: 'direct' }),
    chat('chat-w8-2000', 'chat, 8 in flight, 2,000 B', { window: 8, size: 2000 }),
    {
      ...chat('chat-rate-1000', 'chat, 1,000 messages a second', {
        rate: 1000,
        durationMs: size(10_000, 500),
        operations: size(5000, 200),
      }),
      figures: [
        ...['p50', 'p95', 'p99', 'p999'].map((name) =>
          figure(`latency ${name === 'p999' ? 'p99.9' : name}`, 'ms', (r) => r.latencyMs[name]),
        ),
        cpu,
      ],
      chart: 'latency',
    },
    iq('ping', 'IQ ping'),
    iq('disco', 'IQ disco#info'),
    iq('roster', 'IQ roster get'),
    {
      name: 'presence',
      title: 'presence, per copy',
      load: 'presence',
      options: { from: size(1000, 40), circles: size(20, 2), size: 10, ...time },
      users: size(1200, 60),
      figures: [cpu],
      chart: 'cost',
    },
    {
      name: 'offline',
      title: 'offline message, stored and delivered',
      load: 'offline',
      options: {
        from: size(600, 20),
        senders: size(20, 4),
        receivers: size(200, 10),
        each: size(50, 5),
        window: 10,
        size: 500,
      },
      users: size(820, 34),
      figures: [
        cpu,
        figure('storing', 'µs', (r) => r.store.usPerOp),
        figure('login and delivery', 'µs', (r) => r.deliver.usPerOp),
      ],
      chart: 'login',
    },
    ...['none', 'direct'].map((tls) => memoryCell(tls === 'none' ? 'plain' : 'tls', tls, shown, settleMs)),
    ...archiveCells(size, pairs),
    ...scaleCells(size, time, many),
    ...limitCells(size, many, settleMs),
  ]
  // What only works at all may work in one process.
  return quick ? cells.map((cell) => ({ ...cell, fresh: false })) : cells
}

/** @param {(full: number, tiny: number) => number} size @returns {Cell[]} */
function loginCells(size) {
  const figures = [
    figure('CPU, first 2,000', 'µs', (r) => r.cold.usPerOp),
    figure('CPU, after 2,000', 'µs', (r) => r.warm.usPerOp),
  ]
  const users = size(500, 20)
  const options = { count: size(2000, 30), users }
  /** @type {Cell} */
  const plain = {
    name: 'login',
    title: 'login SCRAM-SHA-1',
    load: 'logins',
    options,
    users,
    figures,
    fresh: true,
    chart: 'login',
  }
  return [
    plain,
    {
      ...plain,
      name: 'login-starttls',
      title: 'login SCRAM-SHA-1, STARTTLS',
      options: { ...options, tls: 'starttls' },
    },
  ]
}

/** @param {string} name @param {string} tls @param {number} count @param {number} settleMs @returns {Cell} */
function memoryCell(name, tls, count, settleMs) {
  return {
    name: `idle-${name}`,
    title: `idle session, ${name === 'tls' ? 'TLS' : 'plain'}, of ${count.toLocaleString('en')}`,
    load: 'idle',
    options: { count, tls, settleMs },
    users: count,
    figures: [
      figure('memory', 'KiB', (r) => kibibytes(r.bytesPerSession)),
      figure('memory right after login', 'KiB', (r) => kibibytes(r.bytesPerSessionAtOnce), false),
    ],
    fresh: true,
    chart: 'memory',
  }
}
