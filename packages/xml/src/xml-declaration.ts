import { XmlError } from './errors.js'
import { malformed, overLimit } from './scan-state.js'

/** Real declarations take 21 to 60 bytes. The bound lets the reader look for the end again with every chunk. */
const maxDeclarationBytes = 128

const declaration =
  /^<\?xml[\t\n\r ]+version[\t\n\r ]*=[\t\n\r ]*(?:"1\.0"|'1\.0')(?:[\t\n\r ]+encoding[\t\n\r ]*=[\t\n\r ]*(?:"([A-Za-z][\w.-]*)"|'([A-Za-z][\w.-]*)'))?(?:[\t\n\r ]+standalone[\t\n\r ]*=[\t\n\r ]*(?:"(?:yes|no)"|'(?:yes|no)'))?[\t\n\r ]*\?>$/

/**
 * Checks an XML declaration at `start`, where the caller has seen `<?`.
 *
 * @returns the offset behind it, or 0 when it is not complete
 * @throws XmlError `restricted-xml` for a processing instruction, `unsupported-encoding` for any encoding but UTF-8
 */
export function declarationEnd(buf: Buffer, start: number, end: number): number {
  const close = buf.subarray(start, Math.min(end, start + maxDeclarationBytes)).indexOf(0x3e)
  if (close < 0 && end - start < maxDeclarationBytes) return 0
  const text = buf.toString('latin1', start, close < 0 ? start + maxDeclarationBytes : start + close + 1)
  // RFC 6120 §11.1: of all that looks like a processing instruction only the declaration is allowed.
  if (!/^<\?xml[\t\n\r ]/.test(text)) throw new XmlError('restricted-xml', 'a processing instruction')
  if (close < 0) throw overLimit('the XML declaration is too long')
  const found = declaration.exec(text)
  if (!found) throw malformed('the XML declaration is not one of XML 1.0')
  const encoding = found[1] ?? found[2]
  // RFC 6120 §11.6
  if (encoding !== undefined && encoding.toLowerCase() !== 'utf-8') {
    throw new XmlError('unsupported-encoding', 'the declared encoding is not UTF-8')
  }
  return start + close + 1
}
