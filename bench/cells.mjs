// @ts-check
// What is measured. A cell is one load with its options, and the figures to take from its result.
import { maxSessions } from './machine.mjs'

/**
 * @typedef {object} Figure
 * @property {string} label
 * @property {string} unit
 * @property {(result: any) => number | undefined} of
 * @property {boolean} [compare] a ratio to the other servers makes sense
 *
 * @typedef {object} Cell
 * @property {string} name
 * @property {string} title
 * @property {string} load
 * @property {Record<string, any>} options
 * @property {number} users accounts it needs
 * @property {Figure[]} figures
 * @property {boolean} [fresh] wants a server process of its own
 * @property {boolean} [own] for xmppkit only
 * @property {number} [domains] how many the server serves
 * @property {'cost' | 'login' | 'memory' | 'latency' | 'scale' | 'limits'} chart
 */

/** @param {string} label @param {string} unit @param {(result: any) => number | undefined} of */
const figure = (label, unit, of, compare = true) => ({ label, unit, of, compare })
const cpu = figure('CPU per operation', 'µs', (r) => r.usPerOp)
const kibibytes = (/** @type {number} */ bytes) => bytes / 1024
const mebibytes = (/** @type {number} */ bytes) => bytes / 2 ** 20

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
  return [
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
    ...scaleCells(size, time, many),
    ...limitCells(size, many, settleMs),
  ]
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

/**
 * The same load, while something else grows. Ten messages are in flight, wherever they are.
 *
 * @param {(full: number, tiny: number) => number} size @param {object} time @param {number} many @returns {Cell[]}
 */
function scaleCells(size, time, many) {
  /** @param {string} name @param {string} title @param {number} count @param {Partial<Cell>} more @returns {Cell} */
  const cell = (name, title, count, { options, ...more }) => ({
    name: `scale-${name}`,
    title,
    load: 'chat',
    options: { count, size: 500, window: 10, turns: true, ...time, ...options },
    users: count,
    figures: [cpu],
    fresh: true,
    own: true,
    chart: 'scale',
    ...more,
  })
  const online = [10, size(1000, 20), many]
  const contacts = [10, size(1000, 30)]
  const domains = [1, size(1000, 5)]
  return [
    ...online.map((n) =>
      cell(`few-of-${n}`, `10 of ${n.toLocaleString('en')} sessions chat`, n, { options: { talkers: 10 } }),
    ),
    ...online.map((n) =>
      cell(`all-of-${n}`, `all of ${n.toLocaleString('en')} sessions chat in turn`, n, {}),
    ),
    ...contacts.map((n) =>
      cell(`contacts-${n}`, `${n.toLocaleString('en')} contacts each`, 20, {
        load: 'chatWithContacts',
        options: { contacts: n },
      }),
    ),
    ...domains.map((n) =>
      cell(`domains-${n}`, `domains: ${n.toLocaleString('en')}`, size(2000, 20), { domains: n }),
    ),
  ]
}

/** @param {(full: number, tiny: number) => number} size @param {number} many @param {number} settleMs @returns {Cell[]} */
function limitCells(size, many, settleMs) {
  /** @type {Pick<Cell, 'fresh' | 'own' | 'chart'>} */
  const common = { fresh: true, own: true, chart: 'limits' }
  /** @param {string} label @param {string} unit @param {(result: any) => number} of */
  const plain = (label, unit, of) => figure(label, unit, of, false)
  return [
    {
      ...common,
      name: 'saturation',
      title: 'twice the load it can carry',
      load: 'flood',
      options: {
        senders: size(100, 5),
        size: 500,
        capacityMs: size(5000, 200),
        durationMs: size(25_000, 1500),
      },
      users: size(200, 10),
      figures: [
        plain('capacity of a core', 'messages/s', (r) => r.capacity),
        plain('offered', 'messages', (r) => r.offered),
        plain('accepted', 'messages', (r) => r.accepted),
        plain('accepted, then lost', 'messages', (r) => r.lost),
        plain('doubled or out of order', 'messages', (r) => r.doubled + r.outOfOrder),
        plain('kept out by back-pressure', 'MiB', (r) => mebibytes(r.refusedBytes)),
        plain('memory before', 'MiB', (r) => mebibytes(r.memory[0])),
        plain('memory at most', 'MiB', (r) => mebibytes(Math.max(...r.memory))),
      ],
    },
    {
      ...common,
      name: 'slow-readers',
      title: 'receivers that stop reading',
      load: 'stalled',
      options: { pairs: size(10, 2), each: size(30_000, 25_000), size: 500 },
      users: size(20, 4),
      figures: [
        plain('receivers', '', (r) => r.receivers),
        plain('cut off', '', (r) => r.cutOff),
        plain('messages sent', '', (r) => r.sent),
        plain('received before the cut', '', (r) => r.live),
        plain('stored and delivered later', '', (r) => r.stored),
        plain('answered with an error', '', (r) => r.refused),
        plain('in the write that was cut, seen twice', '', (r) => r.twice),
        plain('without an outcome', '', (r) => r.none),
        plain('memory before', 'MiB', (r) => mebibytes(r.bytesBefore)),
        plain('memory with all of them stalled', 'MiB', (r) => mebibytes(r.bytesAfter)),
      ],
    },
    {
      ...common,
      name: 'rounds',
      title: `${many.toLocaleString('en')} TLS sessions log in, idle and leave`,
      load: 'rounds',
      // A few sessions are lost in the noise of a young process.
      options: { count: many, rounds: 3, settleMs, tolerance: size(0.15, 1) },
      users: many,
      figures: [
        plain('memory before', 'MiB', (r) => mebibytes(r.bytesBefore)),
        ...[0, 1, 2].flatMap((i) => [
          plain(`memory online, round ${i + 1}`, 'MiB', (r) => mebibytes(r.rounds[i].online)),
          plain(`memory after round ${i + 1}`, 'MiB', (r) => mebibytes(r.rounds[i].left)),
        ]),
        plain('last ÷ first', '×', (r) => r.growth),
      ],
    },
  ]
}
