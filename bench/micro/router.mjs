// @ts-check
// The router: from a stanza to whoever serves its domain.
import { built, measure } from './measure.mjs'

const { createHooks } = await built('hooks')
const { createRouter, domainHandler } = await built('router')
const { silentLogger } = await built('runtime')
const { message } = await built('stanza')

const onError = (/** @type {unknown} */ error) => {
  throw error
}

for (const domains of [1, 1000]) {
  const hooks = createHooks({ onError })
  const router = createRouter({ hooks, logger: silentLogger })
  let delivered = 0
  const count = () => {
    delivered++
  }
  const handler = domainHandler({ hooks, account: count, server: count })
  for (let i = 0; i < domains; i++) router.register(`d${i}.example`, handler)
  const stanzas = Array.from({ length: 100 }, (_, i) =>
    message({ from: 'romeo@d0.example/orchard', to: `juliet@d${i % domains}.example`, body: 'Hello' }),
  )
  measure(`to an account, domains: ${domains}`, (i) => {
    router.route(stanzas[i % 100])
    return delivered
  })
  if (delivered === 0) throw new Error('nothing was delivered')
}
