import { describe, expect, test } from 'vitest'
import {
  escapeName,
  parseClientFinal,
  parseClientFirst,
  parseServerFinal,
  parseServerFirst,
} from './scram-messages.js'

describe('parseClientFirst', () => {
  test('A-12: keeps the characters that are signed and the header as received', () => {
    expect(parseClientFirst('y,a=dir=2Cector,n=us=3Der,r=abc,x=1,y==,z=ü')).toEqual({
      gs2Header: 'y,a=dir=2Cector,',
      flag: { kind: 'not-offered' },
      authzid: 'dir,ector',
      bare: 'n=us=3Der,r=abc,x=1,y==,z=ü',
      username: 'us=er',
      nonce: 'abc',
    })
  })

  test('A-9: reads the three channel binding flags', () => {
    expect(parseClientFirst('n,,n=user,r=abc')?.flag).toEqual({ kind: 'unsupported' })
    expect(parseClientFirst('y,,n=user,r=abc')?.flag).toEqual({ kind: 'not-offered' })
    expect(parseClientFirst('p=tls-exporter,,n=user,r=abc')?.flag).toEqual({
      kind: 'used',
      type: 'tls-exporter',
    })
  })

  test.each([
    ['nothing', ''],
    ['no header', 'n=user,r=abc'],
    ['an unknown flag', 'x,,n=user,r=abc'],
    ['a flag with a value', 'n=1,,n=user,r=abc'],
    ['an empty binding type', 'p=,,n=user,r=abc'],
    ['a binding type with other characters', 'p=tls_exporter,,n=user,r=abc'],
    ['no place for an authzid', 'n,n=user,r=abc'],
    ['an empty authzid', 'n,a=,n=user,r=abc'],
    ['something else than an authzid', 'n,b=x,n=user,r=abc'],
    ['an unescaped = in the authzid', 'n,a=a=b,n=user,r=abc'],
    ['an empty username', 'n,,n=,r=abc'],
    ['no username', 'n,,r=abc'],
    ['an unescaped = in the username', 'n,,n=us=er,r=abc'],
    ['a lower-case escape', 'n,,n=us=2cer,r=abc'],
    ['an escape cut short', 'n,,n=user=2,r=abc'],
    ['a NUL in the username', 'n,,n=us\0er,r=abc'],
    ['no nonce', 'n,,n=user'],
    ['an empty nonce', 'n,,n=user,r='],
    ['a nonce with a space', 'n,,n=user,r=a b'],
    ['a nonce that is not ASCII', 'n,,n=user,r=abcé'],
    ['the nonce first', 'n,,r=abc,n=user'],
    ['a mandatory extension', 'n,,m=ext,n=user,r=abc'],
    ['a late mandatory extension', 'n,,n=user,r=abc,m=ext'],
    ['an extension without value', 'n,,n=user,r=abc,x='],
    ['an extension with a long name', 'n,,n=user,r=abc,xy=1'],
    ['a trailing comma', 'n,,n=user,r=abc,'],
    ['a line break at the end', 'n,,n=user,r=abc\n'],
    ['a byte order mark', '\ufeffn,,n=user,r=abc'],
  ])('A-12: refuses %s', (_what, text) => {
    expect(parseClientFirst(text)).toBeUndefined()
  })
})

describe('parseClientFinal', () => {
  test('takes the last attribute as the proof and the rest as signed', () => {
    expect(parseClientFinal('c=biws,r=abcdef,x=1,p=AAA=')).toEqual({
      channelBinding: 'biws',
      nonce: 'abcdef',
      proof: Buffer.from([0, 0]),
      withoutProof: 'c=biws,r=abcdef,x=1',
    })
  })

  test.each([
    ['nothing', ''],
    ['no proof', 'c=biws,r=abc'],
    ['the proof not last', 'c=biws,r=abc,p=AAA=,x=1'],
    ['two proofs of which one is no base64', 'c=biws,r=abc,p=AAA=,p=A'],
    ['another order', 'r=abc,c=biws,p=AAA='],
    ['no channel binding', 'r=abc,p=AAA='],
    ['channel binding that is no base64', 'c=biw,r=abc,p=AAA='],
    ['a proof that is no base64', 'c=biws,r=abc,p=AAA'],
    ['a proof with loose bits', 'c=biws,r=abc,p=AAB='],
    ['a mandatory extension', 'c=biws,r=abc,m=1,p=AAA='],
  ])('refuses %s', (_what, text) => {
    expect(parseClientFinal(text)).toBeUndefined()
  })
})

describe('parseServerFirst', () => {
  test.each([
    ['nothing', ''],
    ['an error', 'e=other-error'],
    ['no salt', 'r=abc,i=4096'],
    ['a salt that is no base64', 'r=abc,s=AAA,i=4096'],
    ['no iterations', 'r=abc,s=AAA='],
    ['zero iterations', 'r=abc,s=AAA=,i=0'],
    ['a leading zero', 'r=abc,s=AAA=,i=04096'],
    ['negative iterations', 'r=abc,s=AAA=,i=-4096'],
    ['iterations with an exponent', 'r=abc,s=AAA=,i=4e3'],
    ['absurdly many digits', 'r=abc,s=AAA=,i=40960000000'],
    ['a mandatory extension', 'm=x,r=abc,s=AAA=,i=4096'],
    ['a late mandatory extension', 'r=abc,s=AAA=,i=4096,m=x'],
  ])('refuses %s', (_what, text) => {
    expect(parseServerFirst(text)).toBeUndefined()
  })

  test('A-12: ignores optional extensions', () => {
    expect(parseServerFirst('r=abc,s=AAA=,i=4096,x=1')).toEqual({
      nonce: 'abc',
      salt: Buffer.from([0, 0]),
      iterations: 4096,
    })
  })
})

test('parseServerFinal reads a signature and nothing else', () => {
  expect(parseServerFinal('v=AAA=')).toEqual(Buffer.from([0, 0]))
  expect(parseServerFinal('v=AAA=,x=1')).toEqual(Buffer.from([0, 0]))
  expect(parseServerFinal('e=invalid-proof')).toBeUndefined()
  expect(parseServerFinal('v=AAA')).toBeUndefined()
})

test('an escaped name reads back', () => {
  const name = 'a=b,c=2Cd,,=='
  expect(parseClientFirst(`n,,n=${escapeName(name)},r=abc`)?.username).toBe(name)
})

test('NODE-5: hostile lengths are read in linear time', () => {
  const long = `n,,n=user,r=abc${',x=1'.repeat(100_000)}`
  const started = process.cpuUsage()
  expect(parseClientFirst(`${long},`)).toBeUndefined()
  expect(parseClientFirst(long)).toBeDefined()
  expect(parseClientFinal(`c=biws,r=abc${',p=AAA='.repeat(100_000)}!`)).toBeUndefined()
  expect(process.cpuUsage(started).user).toBeLessThan(2_000_000)
})
