import type { Sql, TransactionSql } from 'postgres';
import { fault } from '#kit/errors/fault.ts';
import type { Logger } from '#kit/log/logger.ts';

/** A connection of the pool, or a transaction on one. */
export type Query = Sql | TransactionSql;

/** A name, or schema and name, that may be put into SQL as it is. Throws `invalid-metadata` which names the setting. */
export function tableName(setting: string, value: string): string {
  if (/^(?:\w+\.)?\w*$/.test(value)) return value;
  throw fault(
    'invalid-metadata',
    `${setting}: "${value}" must be of letters, digits and _, with one dot after a schema`,
  );
}

export type Migrations = {
  /** Table in which the number of steps that are done is noted, under this key. */
  metadataTable: string;
  key: string;
  /** What they work on: sidecars that start together take turns. */
  table: string;
  steps: readonly ((transaction: TransactionSql) => Promise<unknown>)[];
};

/** Brings tables up to date, in one transaction. Notes are in Dapr's form, so that both may share the tables. */
export async function migrate(sql: Sql, { metadataTable, key, table, steps }: Migrations): Promise<void> {
  await sql.begin(async (transaction) => {
    await transaction`SELECT pg_advisory_xact_lock(hashtext(${table}))`;
    await transaction.unsafe(
      `CREATE TABLE IF NOT EXISTS ${metadataTable} (key text NOT NULL PRIMARY KEY, value text NOT NULL)`,
    );
    // Notes of Dapr's first version are about any table: one that is not there has had no step.
    const rows = await transaction.unsafe(
      `SELECT value FROM ${metadataTable} WHERE key = $1 AND to_regclass($2) IS NOT NULL`,
      [key, table],
    );
    const done = Number(rows[0]?.['value'] ?? 0);
    if (done >= steps.length) return;
    for (const step of steps.slice(done)) await step(transaction);
    await transaction.unsafe(
      `INSERT INTO ${metadataTable} (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = $2`,
      [key, String(steps.length)],
    );
  });
}

/** Removes expired rows now and then; answers what ends it. An interval that is not positive never does. */
export function removeExpired(
  sql: Sql,
  { table, column, everyMs, log }: { table: string; column: string; everyMs: number; log: Logger },
): () => void {
  if (everyMs <= 0) return () => {};
  const remove = () =>
    sql.unsafe(`DELETE FROM ${table} WHERE ${column} IS NOT NULL AND ${column} < now()`).then(
      ({ count }) => count > 0 && log.debug(`table ${table}: removed ${count} expired rows`),
      (thrown) => log.warn(`table ${table}: cannot remove expired rows: ${thrown.message}`),
    );
  const timer = setInterval(() => void remove(), everyMs).unref();
  return () => clearInterval(timer);
}

/** The fault of a write whose condition does not hold; `why` ends its message. */
export const mismatch = (key: string, why: string) =>
  fault('state-etag-mismatch', `key ${key} was not written: ${why}`);
