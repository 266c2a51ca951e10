import { parseJid } from '@xmppkit/jid'
import { describe, expect, test } from 'vitest'
import { codecCases, decodeFailures, failureOf, tree, xmlOf } from './codec-cases.js'
import { type DataForm, dataForm, formPurpose, resultForm } from './data-form.js'
import { isDecodeError } from './decode-error.js'
import { form } from './form.js'
import {
  booleanField,
  formField,
  hiddenField,
  jidMulti,
  jidSingle,
  listMulti,
  listSingle,
  textMulti,
  textPrivate,
  textSingle,
} from './form-entries.js'
import { bareJid, dateTime, intBetween } from './scalars.js'

const bot = form('jabber:bot', {
  name: textSingle('botname', { label: 'The name of your bot', required: true }),
  description: textMulti('description'),
  isPublic: booleanField('public', { desc: 'Everybody may use it' }),
  password: textPrivate('password'),
  features: listMulti('features', [{ value: 'news', label: 'News' }, 'search']),
  limit: listSingle('maxsubs', ['10', '20', 'none']),
  invited: jidMulti('invitelist'),
  owner: jidSingle('owner'),
  token: hiddenField('token'),
  start: formField('start', dateTime),
  age: formField('age', intBetween(0, 99)),
})

const fields = (...xml: string[]) => tree(`<x xmlns='jabber:x:data' type='submit'>${xml.join('')}</x>`)
const field = (name: string, ...values: string[]) =>
  `<field var='${name}'>${values.map((value) => `<value>${value}</value>`).join('')}</field>`
const named = field('botname', 'b')

describe('a submission', () => {
  test('is read as typed values', () => {
    const value = bot.decode(
      fields(
        field('FORM_TYPE', 'jabber:bot'),
        named,
        field('description', 'line one', 'line two'),
        field('public', '0'),
        field('password', ''),
        field('features', 'news', 'search', 'news'),
        field('maxsubs', '20'),
        field('invitelist', 'A@example.com', 'a@example.com', '', 'b@example.com'),
        field('owner', 'c@example.com/r'),
        field('token', 't'),
        field('start', '2002-09-10T23:08:25Z'),
        field('age', '7'),
        field('unknown', 'x'),
        '<field type="fixed"><value>Section</value></field>',
      ),
    )
    expect(value).toEqual({
      name: 'b',
      description: 'line one\nline two',
      isPublic: false,
      password: '',
      features: ['news', 'search'],
      limit: '20',
      invited: [bareJid.parse('a@example.com'), bareJid.parse('b@example.com')],
      owner: parseJid('c@example.com/r'),
      token: 't',
      start: new Date('2002-09-10T23:08:25Z'),
      age: 7,
    })
  })

  test('what was not filled in is absent, an emptied list is empty', () => {
    const value = bot.decode(
      fields(
        named,
        field('public'),
        field('owner', ''),
        field('start', ''),
        field('features'),
        field('description'),
      ),
    )
    expect(value).toEqual({ name: 'b', features: [] })
  })

  const refused: readonly (readonly [xml: string, message: string, condition: string])[] = [
    ['', 'x/field[botname]: required', 'not-acceptable'],
    [field('botname'), 'x/field[botname]: required', 'not-acceptable'],
    [field('botname', 'a', 'b'), 'x/field[botname]: more than one value', 'not-acceptable'],
    [named + field('public', 'maybe'), 'x/field[public]: not a boolean', 'not-acceptable'],
    [named + field('maxsubs', '11'), 'x/field[maxsubs]: must be one of 10, 20, none', 'not-acceptable'],
    [
      named + field('features', 'news', 'war'),
      'x/field[features]: must be one of news, search',
      'not-acceptable',
    ],
    [named + field('invitelist', '@'), 'x/field[invitelist]: not an address', 'not-acceptable'],
    [
      named + field('invitelist', 'a@example.com/r'),
      'x/field[invitelist]: must not have a resource',
      'not-acceptable',
    ],
    [named + field('age', '100'), 'x/field[age]: not between 0 and 99', 'not-acceptable'],
    [named + named, 'x/field: two fields of the same name', 'bad-request'],
    [field('FORM_TYPE', 'other') + named, 'x/field[FORM_TYPE]: must be jabber:bot', 'bad-request'],
    [field('__proto__', 'x'), 'x/field[botname]: required', 'not-acceptable'],
  ]
  test.each(refused)('%s is refused: %s', (xml, message, condition) => {
    const error = failureOf(() => bot.decode(fields(xml)))
    expect(error?.message).toBe(message)
    expect(isDecodeError(error) && error.condition).toBe(condition)
  })

  test('a cancelled form has no values', () => {
    const cancelled = tree("<x xmlns='jabber:x:data' type='cancel'/>")
    expect(formPurpose(cancelled)).toEqual({ type: 'cancel' })
    expect(failureOf(() => bot.decode(cancelled))?.message).toBe('x/@type: the form was cancelled')
  })

  test('is written with names and values only, and read back', () => {
    const value = { name: 'b', isPublic: true, features: ['news'], description: 'one\ntwo' } as const
    const el = bot.encode(value)
    expect(xmlOf(el)).toBe(
      xmlOf(
        tree(
          '<x xmlns="jabber:x:data" type="submit"><field xmlns="jabber:x:data" var="FORM_TYPE" type="hidden"><value xmlns="jabber:x:data">jabber:bot</value></field>' +
            '<field xmlns="jabber:x:data" var="botname"><value xmlns="jabber:x:data">b</value></field>' +
            '<field xmlns="jabber:x:data" var="description"><value xmlns="jabber:x:data">one</value><value xmlns="jabber:x:data">two</value></field>' +
            '<field xmlns="jabber:x:data" var="public"><value xmlns="jabber:x:data">1</value></field>' +
            '<field xmlns="jabber:x:data" var="features"><value xmlns="jabber:x:data">news</value></field></x>',
        ),
      ),
    )
    expect(bot.decode(el)).toEqual(value)
    expect(formPurpose(el)).toEqual({ type: 'submit', formType: 'jabber:bot' })
  })
})

describe('a form to fill in', () => {
  const el = bot.blank({ isPublic: true }, { title: 'Bot', instructions: 'Fill in' })
  const read: DataForm = dataForm.decode(el)

  test('has texts, types, labels, requirements, choices and the values that are set', () => {
    expect(read).toMatchObject({ type: 'form', title: 'Bot', instructions: ['Fill in'] })
    expect(read.fields.map((one) => `${one.var} ${one.type}`)).toEqual([
      'FORM_TYPE hidden',
      'botname text-single',
      'description text-multi',
      'public boolean',
      'password text-private',
      'features list-multi',
      'maxsubs list-single',
      'invitelist jid-multi',
      'owner jid-single',
      'token hidden',
      'start text-single',
      'age text-single',
    ])
    expect(read.fields[1]).toEqual({
      var: 'botname',
      type: 'text-single',
      label: 'The name of your bot',
      required: true,
      values: [],
      options: [],
    })
    expect(read.fields[3]).toMatchObject({ values: ['1'], desc: 'Everybody may use it' })
    expect(read.fields[5]?.options).toEqual([{ value: 'news', label: 'News' }, { value: 'search' }])
  })
})

test('results have labels and types but nothing to fill in', () => {
  const read = dataForm.decode(bot.result({ name: 'b', limit: '10' }))
  expect(read.type).toBe('result')
  expect(read.fields.slice(1)).toEqual([
    { var: 'botname', type: 'text-single', label: 'The name of your bot', values: ['b'], options: [] },
    { var: 'maxsubs', type: 'list-single', values: ['10'], options: [] },
  ])
})

test('resultForm writes names and values', () => {
  const read = dataForm.decode(resultForm('urn:example', { a: 'x', b: ['y', 'z'], c: [] }))
  expect(read.fields.map((one) => [one.var, one.values])).toEqual([
    ['FORM_TYPE', ['urn:example']],
    ['a', ['x']],
    ['b', ['y', 'z']],
    ['c', []],
  ])
})

describe('any form', () => {
  codecCases<DataForm>('data form', dataForm, [
    [{ type: 'cancel', instructions: [], fields: [], items: [] }, '<x xmlns="jabber:x:data" type="cancel"/>'],
    [
      {
        type: 'result',
        title: 'Results',
        instructions: ['a', 'b'],
        fields: [],
        reported: { fields: [{ var: 'n', type: 'text-single', label: 'N', values: [], options: [] }] },
        items: [
          { fields: [{ var: 'n', values: ['1'], options: [] }] },
          { fields: [{ var: 'n', values: ['2'], options: [] }] },
        ],
      },
      '<x xmlns="jabber:x:data" type="result"><title>Results</title><instructions>a</instructions><instructions>b</instructions>' +
        '<reported><field var="n" type="text-single" label="N"/></reported>' +
        '<item><field var="n"><value>1</value></field></item><item><field var="n"><value>2</value></field></item></x>',
    ],
  ])

  test('reported may follow the items, as old services do', () => {
    const xml = "<x xmlns='jabber:x:data' type='result'><item/><reported><field var='n'/></reported></x>"
    expect(dataForm.decode(tree(xml)).reported?.fields).toHaveLength(1)
  })

  test('a type of field nobody knows is a line of text', () => {
    const xml = "<x xmlns='jabber:x:data' type='form'><field var='a' type='__proto__'/></x>"
    expect(dataForm.decode(tree(xml)).fields[0]?.type).toBe('text-single')
  })

  decodeFailures('data form', dataForm, [
    ["<x xmlns='jabber:x:data'/>", 'x/@type: required'],
    ["<x xmlns='jabber:x:data' type='maybe'/>", 'x/@type: must be one of form, submit, cancel, result'],
    [
      "<x xmlns='jabber:x:data' type='form'><field><option/></field></x>",
      'x/field[1]/option[1]/value: required',
    ],
    [`<x xmlns='jabber:x:data' type='form'>${'<field/>'.repeat(1001)}</x>`, 'x/field: more than 1000'],
  ])
})
