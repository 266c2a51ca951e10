import { type BareJid, parseJid } from '@xmppkit/jid'
import { createManualClock, silentLogger } from '@xmppkit/runtime'
import { encodeBase64 } from '@xmppkit/sasl'
import { NS } from '@xmppkit/stanza'
import { describe, expect, test } from 'vitest'
import { accountsOfCertificate } from './certificate-names.js'
import { saslFeature } from './sasl-feature.js'
import { streamRig } from './stream-rig.js'

// Made with openssl: otherName id-on-xmppAddr juliet@ and nurse@example.org, DNS example.org, email romeo@example.org, CN juliet.
const certificate = Buffer.from(
  'MIIBtzCCAV2gAwIBAgIUXZg9pR9zEgSpRGNLYbRIB52+RbQwCgYIKoZIzj0EAwIwETEPMA0GA1UEAwwGanVsaWV0MCAXDTI2MTEyODIxNTA0NVoYDzIxMjYxMTA0MjE1MDQ1WjARMQ8wDQYDVQQDDAZqdWxpZXQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATHE6QGgPJB4nfeypY7tqBJeAGkUkHYI6TB/Pt0orBIFkNe1faIsfeXrRzLL3BN8AXxjfFAS6Qq7VVjXAfvW+m+o4GQMIGNMGwGA1UdEQRlMGOgIAYIKwYBBQUHCAWgFAwSanVsaWV0QGV4YW1wbGUub3JnoB8GCCsGAQUFBwgFoBMMEW51cnNlQGV4YW1wbGUub3JnggtleGFtcGxlLm9yZ4ERcm9tZW9AZXhhbXBsZS5vcmcwHQYDVR0OBBYEFIuKHzQflwp1NW2y0lMFaQePmY2KMAoGCCqGSM49BAMCA0gAMEUCIQDmcf0agmL63su9VMfjw7qpj2J5/AnAjwt9f9zI0umdtQIgOgHoOijX6rA9lbERZmXnf0UiRxA2b2XngLnuwMryMnI=',
  'base64',
)

describe('A-19 SEC-11: the accounts of a certificate', () => {
  test('are its XMPP addresses and nothing else', () => {
    expect(accountsOfCertificate(certificate).map(String)).toEqual([
      'juliet@example.org',
      'nurse@example.org',
    ])
  })

  test('are none where it names a session, a domain, or nobody', () => {
    const change = (to: string) => {
      const other = Buffer.from(certificate)
      other.write(to, other.indexOf('juliet@example.org'), 'latin1')
      return accountsOfCertificate(other).map(String)
    }
    expect(change('juliet@example/org')).toEqual(['nurse@example.org'])
    expect(change('julietxexample.org')).toEqual(['nurse@example.org'])
    expect(change('@uliet@example.org')).toEqual(['nurse@example.org'])
    expect(change('\xff\xffliet@example.org')).toEqual(['nurse@example.org'])
    expect(change('juliet@exam\0le.org')).toEqual(['nurse@example.org'])
  })

  test('SEC-38: are none of bytes that are no certificate, however they are broken', () => {
    expect(accountsOfCertificate(new Uint8Array(0))).toEqual([])
    for (let length = 0; length < certificate.length; length++) {
      accountsOfCertificate(certificate.subarray(0, length))
    }
    for (let at = 0; at < certificate.length; at++) {
      for (const value of [0x00, 0x7f, 0x80, 0x84, 0xff]) {
        const broken = Buffer.from(certificate)
        broken[at] = value
        expect(accountsOfCertificate(broken).length).toBeLessThanOrEqual(2)
      }
    }
  })
})

describe('EXTERNAL', () => {
  const rig = (verified: boolean, domain = 'example.org') =>
    streamRig({
      domain,
      tls: { protocol: 'TLSv1.3', peerCertificate: certificate, peerVerified: verified },
      features: () => [
        saslFeature({
          credentials: { admit: (account) => (account.local === 'nurse' ? 'account-disabled' : undefined) },
          clock: createManualClock(),
          logger: silentLogger,
        }),
      ],
    })
  const login = async (stream: ReturnType<typeof rig>, authzid: string) => {
    await stream.open()
    const text = authzid === '' ? '=' : encodeBase64(Buffer.from(authzid))
    return stream.say(`<auth xmlns='${NS.sasl}' mechanism='EXTERNAL'>${text}</auth>`, /<success|<\/failure>/)
  }

  test('lets in whom a verified certificate names', async () => {
    const stream = rig(true)
    expect(await login(stream, 'juliet@example.org')).toContain('<success')
    expect(stream.stream.state.authenticated?.toString()).toBe('juliet@example.org')
  })

  test.each([
    ['A-19: nobody is wanted of two', '', 'invalid-authzid'],
    ['A-6: somebody it does not name', 'romeo@example.org', 'invalid-authzid'],
    ['A-20: a disabled account', 'nurse@example.org', 'account-disabled'],
  ])('refuses: %s', async (_what, authzid, condition) => {
    expect(await login(rig(true), authzid)).toContain(`<${condition}/>`)
  })

  test('W-4: lets in whom the app vouches for, and on its own domain alone', async () => {
    const vouchedFor = (domain: string) =>
      streamRig({
        domain,
        vouchedFor: parseJid('juliet@example.org') as BareJid,
        features: () => [saslFeature({ credentials: {}, clock: createManualClock(), logger: silentLogger })],
      })
    const stream = vouchedFor('example.org')
    expect(await login(stream, '')).toContain('<success')
    expect(stream.stream.state.authenticated?.toString()).toBe('juliet@example.org')
    expect(await login(vouchedFor('example.org'), 'romeo@example.org')).toContain('<invalid-authzid/>')
    expect(await vouchedFor('example.net').open()).not.toContain('EXTERNAL')
  })

  test.each([
    ['a certificate nobody vouches for', false, 'example.org'],
    ['one for accounts of another domain', true, 'example.net'],
  ])('A-1: is not offered with %s', async (_what, verified, domain) => {
    const stream = rig(verified, domain)
    expect(await stream.open()).not.toContain('EXTERNAL')
  })
})
