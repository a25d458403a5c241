import type { TransactionSql } from 'postgres';
import { defineComponent, type OpenContext } from '#contracts/component.ts';
import { text } from '#contracts/settings.ts';
import type { StateDelete, StateSet, StateStore, StateValue } from '#contracts/state.ts';
import { fault } from '#kit/errors/fault.ts';
import { openPostgres } from '../clients/postgres.ts';
import { postgresStore, type StatePostgresSettings, statePostgresSettings } from './postgresql-store.ts';
import { migrate, mismatch, type Query, removeExpired, tableName } from './postgresql-tables.ts';
import { expireTime, ttlSeconds } from './ttl.ts';

export const component = defineComponent({
  type: 'state.postgresql',
  aliases: ['state.postgres'],
  versions: ['v2'],
  title: 'PostgreSQL',
  description:
    'Keeps state in a table of PostgreSQL, in the layout of Dapr’s second version: values as bytes, a UUID for an etag.',
  settings: statePostgresSettings.extend({
    tablePrefix: text('Put before the name of the table `state`; may name a schema: `app.`').default(''),
  }),
  open: (settings, context: OpenContext) => openStatePostgres(settings, context),
});

type Settings = StatePostgresSettings & { tablePrefix: string };

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Opens the store: `key text`, `value bytea`, `etag uuid`, `created_at`, `updated_at`, `expires_at`. */
export async function openStatePostgres(settings: Settings, { log }: Pick<OpenContext, 'log'>): Promise<StateStore> {
  const table = `${tableName('tablePrefix', settings.tablePrefix)}state`;
  const metadataTable = tableName('metadataTableName', settings.metadataTableName);
  const sql = await openPostgres(settings);
  const key = `migrations-state-v2-${settings.tablePrefix}`;
  await migrate(sql, { metadataTable, key, table, steps: [createTable(table)] });
  const stopRemoving = removeExpired(sql, { table, column: 'expires_at', everyMs: settings.cleanupInterval, log });
  return postgresStore(sql, table, { read, write, erase }, stopRemoving);
}

const createTable = (table: string) => async (transaction: TransactionSql) => {
  await transaction.unsafe(
    `CREATE TABLE IF NOT EXISTS ${table} (key text NOT NULL PRIMARY KEY, value bytea NOT NULL, etag uuid NOT NULL DEFAULT gen_random_uuid(),
      created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz, expires_at timestamptz)`,
  );
  await transaction.unsafe(`CREATE INDEX ON ${table} (expires_at)`);
};

async function read(sql: Query, table: string, keys: readonly string[]): Promise<Map<string, StateValue>> {
  const rows = await sql.unsafe(
    `SELECT key, value, etag, expires_at FROM ${table} WHERE key = ANY($1::text[]) AND (expires_at IS NULL OR expires_at >= now())`,
    [keys as string[]],
  );
  return new Map(
    rows.map((row) => {
      const expires = row['expires_at'] as Date | null;
      return [
        String(row['key']),
        { data: row['value'] as Buffer, etag: String(row['etag']), metadata: expireTime(expires?.getTime()) },
      ];
    }),
  );
}

async function write(sql: Query, table: string, request: StateSet): Promise<void> {
  const { key, value, etag, concurrency, metadata } = request;
  if (key === '') throw fault('bad-request', 'the key must not be empty');
  const ttl = ttlSeconds(metadata);
  const data = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const expires = ttl !== undefined && ttl > 0 ? ttl : null;
  const expiry = "CASE WHEN $3::int IS NULL THEN NULL ELSE now() + $3::int * interval '1 second' END";
  if (etag) {
    checkEtag(key, etag);
    const { count } = await sql.unsafe(
      `UPDATE ${table} SET value = $2, etag = gen_random_uuid(), updated_at = now(), expires_at = ${expiry}
       WHERE key = $1 AND etag = $4::uuid AND (expires_at IS NULL OR expires_at >= now())`,
      [key, data, expires, etag],
    );
    if (count === 0) throw mismatch(key, `etag ${etag} is not current`);
    return;
  }
  const guard = concurrency === 'first-write' ? 'WHERE t.expires_at IS NOT NULL AND t.expires_at < now()' : '';
  const { count } = await sql.unsafe(
    `INSERT INTO ${table} AS t (key, value, expires_at) VALUES ($1, $2, ${expiry})
     ON CONFLICT (key) DO UPDATE SET value = excluded.value, etag = gen_random_uuid(), updated_at = now(), expires_at = excluded.expires_at ${guard}`,
    [key, data, expires],
  );
  if (count === 0) throw mismatch(key, 'it exists already and no etag was given');
}

async function erase(sql: Query, table: string, { key, etag }: StateDelete): Promise<void> {
  if (key === '') throw fault('bad-request', 'the key must not be empty');
  if (!etag) {
    await sql.unsafe(`DELETE FROM ${table} WHERE key = $1`, [key]);
    return;
  }
  checkEtag(key, etag);
  const { count } = await sql.unsafe(`DELETE FROM ${table} WHERE key = $1 AND etag = $2::uuid`, [key, etag]);
  if (count === 0) throw mismatch(key, `etag ${etag} is not current`);
}

/** What is no UUID was never an etag of this table: as in Dapr, that is a mismatch. */
function checkEtag(key: string, etag: string): void {
  if (!uuid.test(etag)) throw mismatch(key, `etag ${etag} is not current`);
}
