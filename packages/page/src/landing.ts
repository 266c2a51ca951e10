import { escapeHtml } from './escape-html.js'
import type { ServerFacts } from './server-facts.js'

/** The page that shows what is running. */
export function landingHtml(facts: ServerFacts, base: string): string {
  const [domain = 'localhost'] = facts.domains
  const { name, version = '' } = facts.software
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(domain)} speaks XMPP</title>
<link rel="icon" href="${base}/icon.svg">
<link rel="stylesheet" href="${base}/page.css">
</head>
<body>
<main>
<header>
<p class="state">Running for ${uptime(facts.uptimeSeconds)}</p>
<h1>${escapeHtml(domain)} is ready to talk</h1>
<p class="lead">An XMPP server. Chat here in the browser, or with any client you like: they all meet.</p>
<a class="button" href="${base}/chat">Open the chat</a>
</header>
<dl class="figures">
${figure('Software', `${name} ${version}`.trim())}
${figure('Domains', String(facts.domains.length))}
${figure('Connected', magnitude(facts.online))}
${figure('Extensions', String(facts.xeps.length))}
</dl>
<div class="cards">
${accounts(facts, domain)}
${card('Open ports', list(facts.ports.map(({ speaks, port }) => [speaks, `port ${port}`])))}
${domains(facts)}
${extensions(facts)}
</div>
</main>
<footer>${escapeHtml(name)} · <a href="https://xmpp.org/software/?platform=all-platforms">XMPP clients</a> · <a href="https://xmpp.org/about/technology-overview/">What XMPP is</a></footer>
</body>
</html>
`
}

const card = (title: string, content: string, wide = '') =>
  `<section${wide && ' class="wide"'}>\n<h2>${title}</h2>\n${content}\n</section>`

const figure = (name: string, value: string) => `<div><dt>${name}</dt><dd>${escapeHtml(value)}</dd></div>`

const list = (rows: readonly (readonly [string, string])[]) =>
  `<ul class="plain">\n${rows
    .map(([left, right]) => `<li>${escapeHtml(left)}<span>${escapeHtml(right)}</span></li>`)
    .join('\n')}\n</ul>`

function accounts({ local, registration }: ServerFacts, domain: string): string {
  const shell = `<p>Make two accounts in a terminal, then log in as both, in two windows:</p>
<pre><code>npx xmppkit register juliet ${escapeHtml(domain)} r0m30
npx xmppkit register romeo ${escapeHtml(domain)} jul13t</code></pre>`
  const open = '<p>Accounts can be created here: choose “Create an account” in the chat.</p>'
  const ask = '<p>Accounts are given by whoever runs this server.</p>'
  const how = registration ? open : local ? shell : ask
  const address = `<p class="quiet">Addresses look like juliet@${escapeHtml(domain)}; any XMPP client will do.</p>`
  return card('Log in', `${how}\n${address}`)
}

const maxListed = 50

function domains({ domains: all }: ServerFacts): string {
  const shown = all.slice(0, maxListed)
  const rest = all.length - shown.length
  const more = rest > 0 ? `\n<p class="quiet">and ${rest} more</p>` : ''
  const rows = shown.map((domain) => `<li>${escapeHtml(domain)}</li>`).join('\n')
  return all.length < 2 ? '' : card('Domains', `<ul class="plain">\n${rows}\n</ul>${more}`)
}

function extensions({ xeps }: ServerFacts): string {
  const tags = xeps.map((number) => {
    const safe = escapeHtml(number)
    return `<li><a href="https://xmpp.org/extensions/xep-${safe}.html">XEP-${safe}</a></li>`
  })
  return card('Extensions it speaks', `<ul class="tags">\n${tags.join('\n')}\n</ul>`, 'wide')
}

/** With few people, a number would say who is there. */
function magnitude(count: number): string {
  if (count < 10) return 'fewer than 10'
  return `${10 ** Math.floor(Math.log10(count))} or more`
}

function uptime(seconds: number): string {
  const units = [
    [86_400, 'day'],
    [3600, 'hour'],
    [60, 'minute'],
  ] as const
  const [size, name] = units.find(([unit]) => seconds >= unit) ?? [1, 'second']
  const count = Math.floor(seconds / size)
  return `${count} ${name}${count === 1 ? '' : 's'}`
}
