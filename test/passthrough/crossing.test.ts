// Elements on their way from one kind of stream to another, or with something added or taken away on the way.
import {
  bytesFromWire,
  createStreamReader,
  Element,
  parseElement,
  type RawElement,
  readerLimits,
  type Wire,
  wireFromText,
} from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../fuzz/mutate.js'
import { saxesTrees, type Tree } from '../fuzz/trees.js'
import { type Random, randomStanzas } from './documents.js'
import { header, tail } from './relay.js'

const documents = Number(process.env.XMPPKIT_FUZZ ?? 500)
const firstSeed = Number(process.env.XMPPKIT_FUZZ_SEED ?? 1)
const [client, server] = ['jabber:client', 'jabber:server'] as const

function read(stanzas: Buffer): RawElement[] {
  const reader = createStreamReader({ limits: readerLimits.afterAuthentication })
  reader.push(Buffer.concat([Buffer.from(header), stanzas]))
  reader.next()
  const elements: RawElement[] = []
  for (let event = reader.next(); event !== undefined; event = reader.next())
    elements.push(event as RawElement)
  return elements
}

/** What stands behind a header that declares this namespace and nothing else of interest. */
function behindHeader(wire: Wire, ns: string): Tree {
  const head = `<stream:stream xmlns='${ns}' xmlns:stream='http://etherx.jabber.org/streams'>`
  return saxesTrees(Buffer.concat([Buffer.from(head), bytesFromWire(wire), Buffer.from(tail)]))[0]!
}

const alone = (wire: Wire): Tree => saxesTrees(bytesFromWire(wire), true)[0]!
type TreeNode = string | Tree
const nodesOf = (tree: Tree) => tree.slice(2) as TreeNode[]
const elementsOf = (tree: Tree) => nodesOf(tree).filter((node) => typeof node !== 'string') as Tree[]

/** The same nodes, texts that have become neighbours made one. */
function joinTexts(nodes: readonly TreeNode[]): TreeNode[] {
  const joined: TreeNode[] = []
  for (const node of nodes) {
    const last = joined.at(-1)
    if (typeof node === 'string' && typeof last === 'string') joined[joined.length - 1] = last + node
    else joined.push(node)
  }
  return joined
}

const inNs = (name: string, ns: string) => name.startsWith(`{${ns}}`)

/** The tree with the content namespace of the element and its direct children exchanged. */
function crossed(tree: Tree, from: string, to: string): Tree {
  const move = (name: string) => (inNs(name, from) ? name.replace(from, to) : name)
  const [name, attributes, ...children] = tree
  const moved = children.map(
    (node): TreeNode => (typeof node === 'string' ? node : [move(node[0]), ...(node.slice(1) as [string])]),
  )
  return [move(name), attributes, ...moved]
}

/** The same without what is deeper than direct children, which may follow the namespace or not. */
const shallow = (tree: Tree): Tree => {
  const [name, attributes, ...children] = tree
  return [
    name,
    attributes,
    ...children.map((node): TreeNode => (typeof node === 'string' ? node : [node[0], node[1]])),
  ]
}

function every(check: (element: RawElement, tree: Tree, random: Random) => void): void {
  for (let seed = firstSeed; seed < firstSeed + documents; seed++) {
    const random = createRandom(seed)
    const stanzas = randomStanzas(random, seed)
    const trees = saxesTrees(Buffer.concat([Buffer.from(header), stanzas, Buffer.from(tail)]))
    let elements: RawElement[]
    try {
      elements = read(stanzas)
    } catch {
      continue // Too deep, which other tests are about.
    }
    try {
      expect(elements.length).toBe(trees.length)
      for (const [i, element] of elements.entries()) check(element, trees[i]!, random)
    } catch (error) {
      const again = `XMPPKIT_FUZZ_SEED=${seed} XMPPKIT_FUZZ=1`
      throw new Error(`seed ${seed} (${again}): ${JSON.stringify(stanzas.toString('latin1'))}`, {
        cause: error,
      })
    }
  }
}

const long = { timeout: 3_600_000 }

describe(`${documents} documents`, () => {
  test('X-10 X-11: the same behind a header, and by itself in a frame', long, () => {
    every((element, tree) => {
      expect(behindHeader(element.toWire({ ns: client, declare: false }), client)).toEqual(tree)
      expect(behindHeader(element.toWire({ ns: client, declare: true }), 'urn:other')).toEqual(tree)
      expect(alone(element.toWire())).toEqual(tree)
    })
  })

  test(
    'X-11: on another kind of stream the content namespace is another and nothing else, and it is undone on the way back',
    long,
    () => {
      every((element, tree) => {
        const wire = element.toWire({ ns: server, declare: false })
        const there = behindHeader(wire, server)
        expect(alone(element.toWire({ ns: server }))).toEqual(there)
        expect(shallow(there)).toEqual(shallow(crossed(tree, client, server)))
        const again = parseElement(bytesFromWire(element.toWire({ ns: server })))
        expect(alone(again.toWire({ ns: client }))).toEqual(tree)
      })
    },
  )

  test('SEC-5 X-9: what is appended stands behind what was there, and changes none of it', long, () => {
    const endings = ['>', ']>', ']]&gt;', '\n', '<![CDATA[>]]>', '<x/>', 'é', '&gt;', '']
    every((element, tree, random) => {
      const ending = endings[random(endings.length)]!
      const added = element.append(wireFromText(ending)).append(new Element('q', { xmlns: 'urn:q' }))
      const pieces = saxesTrees(
        Buffer.from(`<a><a xmlns='${client}'>${ending}<q xmlns='urn:q'/></a></a>`),
      )[0]!
      const joined = joinTexts([...nodesOf(tree), ...nodesOf(pieces)])
      expect(alone(added.toWire())).toEqual([tree[0], tree[1], ...joined])
    })
  })

  test('SEC-5 X-9: what is left when children are taken out is what was there', long, () => {
    every((element, tree, random) => {
      const kept = elementsOf(tree).map(() => random(2) === 0)
      const rest = element.filterChildren((_name, _ns, i) => kept[i]!)
      let position = 0
      const left = nodesOf(tree).filter((node) => typeof node === 'string' || kept[position++])
      expect(alone(rest.toWire())).toEqual([tree[0], tree[1], ...joinTexts(left)])
    })
  })

  test('X-10: each child by itself is what it was in its parent', long, () => {
    every((element, tree) => {
      elementsOf(tree).forEach((child, i) => {
        expect(alone(element.childAt(i).toWire())).toEqual(child)
        expect(behindHeader(element.childAt(i).toWire(), server)).toEqual(child)
      })
    })
  })
})
