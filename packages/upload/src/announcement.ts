import type { Disco } from '@xmppkit/disco'
import type { Scope } from '@xmppkit/runtime'
import { NS } from '@xmppkit/stanza'
import type { UploadOptions } from './upload-options.js'
import { purposeNs } from './upload-payload.js'

/** Says at the host's domains what may be uploaded (XEP-0363 §3, §5). */
export function announceUpload(
  disco: Pick<Disco, 'addFeature' | 'addIdentity' | 'addExtension'>,
  { permanent, maxFileSize }: Required<UploadOptions>,
  scope: Pick<Scope, 'use'>,
): void {
  const purposes = ['message', 'profile', 'ephemeral', ...(permanent ? ['permanent'] : [])]
  scope.use(disco.addFeature('server', [NS.upload, ...purposes.map((one) => `${purposeNs}#${one}`)]))
  scope.use(disco.addIdentity('server', { category: 'store', type: 'file', name: 'HTTP File Upload' }))
  scope.use(
    disco.addExtension('server', { formType: NS.upload, fields: { 'max-file-size': String(maxFileSize) } }),
  )
}
