/**
 * Services, modules and hosts: start in order, stop in reverse, add domains and reload options at run time.
 *
 * @packageDocumentation
 */
export {}
