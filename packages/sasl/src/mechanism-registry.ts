import Factory from 'saslmechanisms'
import { SaslError } from './errors.js'

/** An ordered list of mechanisms by name. */
export interface MechanismRegistry<D> {
  /** The declarations, in the order given. */
  readonly all: readonly D[]
  /** Begins an exchange of the mechanism of that name; `undefined` if there is none. */
  create<M>(name: string, begin: (definition: D) => M): M | undefined
}

/**
 * Keeps the order of mechanisms, which saslmechanisms cannot list, and lets its factory make one fresh
 * instance for each exchange. Its constructors get no arguments: an instance only carries its declaration.
 */
export function createMechanismRegistry<D extends { readonly name: string }>(
  definitions: readonly D[],
): MechanismRegistry<D> {
  const factory = new Factory()
  for (const definition of definitions) {
    class Instance {
      readonly definition = definition
    }
    // The factory's type asks for the client methods of another library; it never calls them.
    factory.use(definition.name, Instance as unknown as Factory.MechanismStatic)
  }
  return {
    all: definitions,
    create: (name, begin) => {
      const instance: object | null = factory.create([name])
      return instance === null ? undefined : begin((instance as { readonly definition: D }).definition)
    },
  }
}

/**
 * The declarations named, in that order.
 * @throws SaslError `sasl/unknown-mechanism` for a name without declaration
 */
export function selectMechanisms<D extends { readonly name: string }>(
  names: readonly string[],
  known: readonly D[],
): D[] {
  return [...new Set(names)].map((name) => {
    const definition = known.find((candidate) => candidate.name === name)
    if (definition !== undefined) return definition
    throw new SaslError('sasl/unknown-mechanism', `no mechanism is called ${JSON.stringify(name)}`)
  })
}
