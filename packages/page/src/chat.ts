import { escapeHtml, jsonForScript } from './escape-html.js'
import type { PageOptions } from './page-options.js'
import type { ServerFacts } from './server-facts.js'

/** Plugins of Converse.js that need what is not served, or what the page's policy forbids: rooms, PEP, WebAssembly. */
const without = [
  'converse-roomslist',
  'converse-bookmarks',
  'converse-bookmark-views',
  'converse-omemo',
  'converse-omemo-views',
  'converse-reactions',
  'converse-reactions-views',
]

/** The page people chat on. */
export function chatHtml(
  { domains, registration }: ServerFacts,
  settings: Required<PageOptions> & { readonly base: string; readonly assets: string },
): string {
  const domain = domains[0] ?? ''
  const { base, assets, websocket, bosh, probeMs } = settings
  const said = jsonForScript({ domain, registration, assets, websocket, bosh, probeMs, without })
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Chat at ${escapeHtml(domain)}</title>
<link rel="icon" href="${base}/icon.svg">
<link rel="stylesheet" href="${assets}converse.min.css">
<link rel="stylesheet" href="${base}/chat.css">
<script type="application/json" id="settings">${said}</script>
<script type="module" src="${assets}converse.min.js"></script>
<script type="module" src="${base}/chat.js"></script>
</head>
<body class="converse-fullscreen">
<noscript>Chatting in the browser needs JavaScript.</noscript>
<template id="brand"><h1 class="xmppkit-brand"><img src="${base}/icon.svg" alt="">${escapeHtml(domain)}</h1></template>
<template id="footer"><p class="xmppkit-footer"><a href="${base}/">What runs here</a> · chatting with <a href="https://github.com/conversejs/converse.js" target="_blank" rel="noreferrer">Converse.js</a></p></template>
</body>
</html>
`
}
