/** What of the XMPP extensions this package does. */
export const webXeps = Object.freeze([
  {
    number: '0124',
    version: '1.11.2',
    status: 'complete',
    note: 'one stream a session; answers are always text/xml; no compression of its own',
  },
  { number: '0206', version: '1.4', status: 'complete' },
  { number: '0156', version: '1.4.0', status: 'complete' },
  { number: '0487', version: '0.1.0', status: 'complete', note: 'for clients' },
])
