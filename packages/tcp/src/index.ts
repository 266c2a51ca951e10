/**
 * TCP and TLS listeners: STARTTLS, direct TLS, SNI, certificate reload.
 *
 * @packageDocumentation
 */
export {}
