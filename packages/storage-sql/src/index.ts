/**
 * SQLite and PostgreSQL behind every store port, with group commit and migrations.
 *
 * @packageDocumentation
 */
export {}
