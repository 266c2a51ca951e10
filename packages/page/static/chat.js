// Starts Converse.js with what the server says in the page. `?bosh` and `?websocket` choose a transport.
const settings = JSON.parse(document.getElementById('settings').textContent)
const asked = new URLSearchParams(location.search)
const here = (path, protocol) => new URL(path, location.href).href.replace(/^http/, protocol)

/** Whether a WebSocket comes through: some proxies let none. */
function opens(url, timeoutMs) {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, 'xmpp')
    const answer = (works) => {
      clearTimeout(timer)
      socket.close()
      resolve(works)
    }
    const timer = setTimeout(answer, timeoutMs, false)
    socket.onopen = () => answer(true)
    socket.onerror = () => answer(false)
  })
}

async function transports() {
  const websocket = settings.websocket && { websocket_url: here(settings.websocket, 'ws') }
  const bosh = settings.bosh && { bosh_service_url: here(settings.bosh, 'http') }
  if (!bosh || asked.has('websocket')) return websocket
  if (!websocket || asked.has('bosh')) return bosh
  // With both, a session that loses its WebSocket would come back over BOSH, as another session.
  return (await opens(websocket.websocket_url, settings.probeMs)) ? websocket : bosh
}

/** An element in the place of one of Converse.js, before it is defined there. */
function replace(name, html) {
  const Replacement = class extends HTMLElement {
    connectedCallback() {
      this.append(document.getElementById(html).content.cloneNode(true))
    }
  }
  customElements.define(name, Replacement)
}

// The footer of Converse.js loads pictures from its own site.
replace('converse-footer', 'footer')
replace('converse-brand-logo', 'brand')

// A connection that was resumed once counts as restored for ever, and after a restart of the server nobody would be told that
// this client is there. Being resumed again sets it again.
window.converse.plugins.add('xmppkit-page', {
  initialize() {
    const { api } = this._converse
    api.listen.on('will-reconnect', () => {
      api.connection.get().restored = false
    })
  },
})

window.converse.initialize({
  ...(await transports()),
  view_mode: 'fullscreen',
  theme: 'classic',
  dark_theme: 'dracula',
  assets_path: settings.assets,
  discover_connection_methods: false,
  allow_registration: settings.registration,
  registration_domain: settings.domain,
  providers_link: '',
  default_domain: settings.domain,
  // Nothing is fetched from anywhere else.
  autocomplete_providers_url: '',
  embed_3rd_party_media_players: false,
  show_client_info: false,
  // A copy of what was said comes from the archive, also what came while nobody was here.
  message_archiving: 'always',
  enable_smacks: true,
  reuse_scram_keys: false,
  play_sounds: false,
  notification_icon: `${settings.assets}images/logo/conversejs-filled-192.png`,
  whitelisted_plugins: ['xmppkit-page'],
  // What needs rooms, PEP or WebAssembly.
  blacklisted_plugins: settings.without,
})
