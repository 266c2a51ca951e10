import { makeJid } from '@xmppkit/jid'
import { createMemoryOfflineStore } from '@xmppkit/offline'
import { createJsonLogger } from '@xmppkit/runtime'
import { createChat } from './chat.js'

const xmlns = "xmlns='jabber:client'"
const chat = createChat('verona.example', {
  isUser: ({ local }) => ['juliet', 'romeo'].includes(local),
  store: createMemoryOfflineStore(),
  mottos: new Map([['Montague', 'Live and let love']]),
  logger: createJsonLogger((line) => process.stderr.write(line), { level: 'warn' }),
})
const connect = (local: string) =>
  chat.connect(makeJid({ local, domain: 'verona.example' }).withResource('app'), (xml) =>
    console.log(`${local} gets ${xml}`),
  )

const romeo = await connect('romeo')
await romeo.receive(`<presence ${xmlns}/>`)

// Juliet is away: the message is stored, and delivered when she comes.
await romeo.receive(
  `<message ${xmlns} to='juliet@verona.example' type='chat'><body>Art thou there?</body></message>`,
)
const juliet = await connect('juliet')
await juliet.receive(`<presence ${xmlns}/>`)

// Both are there: the message goes from one to the other.
await juliet.receive(`<message ${xmlns} to='romeo@verona.example' type='chat'><body>I am.</body></message>`)

// The typed handler answers, with a result or with an error.
for (const house of ['Montague', 'Tybalt']) {
  await juliet.receive(
    `<iq ${xmlns} to='verona.example' type='get' id='${house}'><motto xmlns='urn:example:motto' house='${house}'/></iq>`,
  )
}

await juliet.leave()
await romeo.leave()
await chat.close()
