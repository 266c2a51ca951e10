// @ts-check
// What is measured of xmppkit alone: whether cost stays flat as something grows, and what happens at its limits.
import { cpu, figure, mebibytes } from './cell.mjs'

/** @typedef {import('./cell.mjs').Cell} Cell */

/**
 * The same load, while something else grows. Ten messages are in flight, wherever they are.
 *
 * @param {(full: number, tiny: number) => number} size @param {object} time @param {number} many @returns {Cell[]}
 */
export function scaleCells(size, time, many) {
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

/**
 * Messages that are stored before they are delivered, in the archives of both.
 *
 * @param {(full: number, tiny: number) => number} size @param {object} pairs of the cells without @returns {Cell[]}
 */
export function archiveCells(size, pairs) {
  const flags = ['--set=archive.enabled=true']
  /** @param {string} name @param {string} title @param {object} options @returns {Cell} */
  const chat = (name, title, options) => ({
    name: `archived-${name}`,
    title: `archived chat, ${title}, 500 B`,
    load: 'chat',
    options: { ...pairs, ...options },
    users: size(200, 20),
    figures: [cpu, figure('rate', 'messages/s', (r) => r.perSecond, false)],
    own: true,
    flags,
    chart: 'cost',
  })
  return [
    chat('w8', '8 in flight', { window: 8 }),
    chat('w1', 'one in flight', { window: 1 }),
    chat('alone', 'one session, one in flight', { count: 2, window: 1, talkers: 1 }),
    {
      name: 'archived-offline',
      title: 'archived offline message',
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
        figure('storing', 'µs', (r) => r.store.usPerOp),
        figure('storing', 'messages/s', (r) => r.store.perSecond, false),
      ],
      own: true,
      flags,
      chart: 'login',
    },
  ]
}

/** @param {(full: number, tiny: number) => number} size @param {number} many @param {number} settleMs @returns {Cell[]} */
export function limitCells(size, many, settleMs) {
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
      note: (r) =>
        `Memory of the saturated server, each second until all had arrived, in MiB: ${r.memory.map((/** @type {number} */ bytes) => mebibytes(bytes).toFixed(0)).join(' ')}.`,
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
