import { connect } from 'node:tls'
import type { WireClientDeps } from '@xmppkit/testing'
import { bytesFromWire } from '@xmppkit/xml'

/** A real TLS connection to a server on this machine, for the test client. The certificate is checked. */
export function tlsLink(port: number, servername: string, ca: string): WireClientDeps['transport'] {
  const socket = connect({ host: '127.0.0.1', port, servername, ca, ALPNProtocols: ['xmpp-client'] })
  return {
    attach(sink) {
      socket.on('data', (chunk) => sink.receive(chunk))
      socket.on('close', () => sink.disconnected())
      socket.on('error', (error) => sink.disconnected(error))
    },
    write: (wire) => socket.write(bytesFromWire(wire)),
    end: () => socket.end(),
    destroy: () => socket.destroy(),
  }
}
