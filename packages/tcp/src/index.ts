/**
 * TCP and TLS listeners: STARTTLS, direct TLS with ALPN and SNI, certificates replaceable while running,
 * and limits by client address.
 *
 * @packageDocumentation
 */
export {
  type CertificateDescription,
  type CertificatePair,
  type Certificates,
  type CertificatesDeps,
  type CertificatesOptions,
  certificatesDefaults,
  createCertificates,
} from './certificates.js'
export {
  createDevelopmentCertificate,
  type DevelopmentCertificateOptions,
} from './development-certificate.js'
export { TcpError } from './errors.js'
export {
  listenTcp,
  type TcpListener,
  type TcpListenerDeps,
  type TcpListenerOptions,
  type TlsMode,
  tcpListenerDefaults,
} from './tcp-listener.js'
