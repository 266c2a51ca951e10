const stricter = [
  'bad-namespace-prefix: a name is not a prefix and a local name',
  'bad-namespace-prefix: no element is in the xml namespace',
  'not-well-formed: text between elements',
  'not-well-formed: white space around the name of a namespace',
  'policy-violation: ',
]

/** Whether a refusal is for what we refuse on purpose and saxes does not. */
export function isStricter(refusal: string): boolean {
  return stricter.some((reason) => refusal.startsWith(reason))
}
