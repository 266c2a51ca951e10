import { service } from '@xmppkit/module'
import type { Router } from './router.js'

/** The router all hosts share; the embedder brings it with `provide(RouterService, router)`. */
export const RouterService = service<Router>('router/router', {
  providedBy: ["provide(RouterService, createRouter(…)) among the host's services"],
})
