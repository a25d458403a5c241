import type { Sql, TransactionSql } from 'postgres';
import { defineComponent, type OpenContext } from '#contracts/component.ts';
import { duration, text } from '#contracts/settings.ts';
import type { StateDelete, StateSet, StateStore, StateValue } from '#contracts/state.ts';
import { fault } from '#kit/errors/fault.ts';
import { openPostgres, type PostgresSettings, postgresSettings } from '../clients/postgres.ts';
import { expireTime, ttlSeconds } from './ttl.ts';

export const component = defineComponent({
  type: 'state.postgresql',
  aliases: ['state.postgres'],
  versions: ['v2'],
  title: 'PostgreSQL',
  description:
    'Keeps state in a table of PostgreSQL, in the layout of Dapr’s second version: values as bytes, a UUID for an etag.',
  settings: postgresSettings.extend({
    tablePrefix: text('Put before the name of the table `state`; may name a schema: `app.`').default(''),
    metadataTableName: text('Table in which components note their progress.').default('dapr_metadata'),
    cleanupInterval: duration('How often expired rows are deleted; not positive never does.', 's', {
      aliases: ['cleanupIntervalInSeconds'],
    }).default(3_600_000),
  }),
  open: (settings, context: OpenContext) => openStatePostgres(settings, context),
});

type Settings = PostgresSettings & { tablePrefix: string; metadataTableName: string; cleanupInterval: number };

type Query = Sql | TransactionSql;

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Opens the store: `key text`, `value bytea`, `etag uuid`, `created_at`, `updated_at`, `expires_at`. */
export async function openStatePostgres(
  settings: Settings,
  { log, signal }: Pick<OpenContext, 'log' | 'signal'>,
): Promise<StateStore> {
  const table = `${names('tablePrefix', settings.tablePrefix)}state`;
  const metadataTable = names('metadataTableName', settings.metadataTableName);
  const sql = await openPostgres(settings);
  await migrate(sql, table, metadataTable, settings.tablePrefix);
  const clean = () =>
    sql.unsafe(`DELETE FROM ${table} WHERE expires_at IS NOT NULL AND expires_at < now()`).then(
      ({ count }) => count > 0 && log.debug(`table ${table}: removed ${count} expired rows`),
      (thrown) => log.warn(`table ${table}: cannot remove expired rows: ${thrown.message}`),
    );
  const timer =
    settings.cleanupInterval > 0 ? setInterval(() => void clean(), settings.cleanupInterval).unref() : undefined;
  const close = async (): Promise<void> => {
    clearInterval(timer);
    await sql.end({ timeout: 1 });
  };
  signal.addEventListener('abort', () => void close(), { once: true });
  return {
    traits: ['ETAG', 'TTL'],
    get: async ({ key }) => (await read(sql, table, [key])).get(key),
    set: (request) => write(sql, table, request),
    delete: (request) => erase(sql, table, request),
    async bulkGet(requests) {
      const found = await read(
        sql,
        table,
        requests.map(({ key }) => key),
      );
      return requests.map(({ key }) => ({ key, value: found.get(key) }));
    },
    async transact({ operations }) {
      await sql.begin(async (transaction) => {
        for (const operation of operations) {
          if (operation.kind === 'set') await write(transaction, table, operation);
          else await erase(transaction, table, operation);
        }
      });
    },
    ping: async () => void (await sql`SELECT 1`),
    [Symbol.asyncDispose]: close,
  };
}

/** A name, or schema and name, that may be put into SQL as it is. */
function names(setting: string, value: string): string {
  if (!/^(?:\w+\.)?\w*$/.test(value))
    throw fault(
      'invalid-metadata',
      `${setting}: "${value}" must be of letters, digits and _, with one dot after a schema`,
    );
  return value;
}

async function migrate(sql: Sql, table: string, metadataTable: string, prefix: string): Promise<void> {
  await sql.begin(async (transaction) => {
    // Sidecars that start together take turns, whatever their tables are called.
    await transaction`SELECT pg_advisory_xact_lock(hashtext(${table}))`;
    await transaction.unsafe(
      `CREATE TABLE IF NOT EXISTS ${metadataTable} (key text NOT NULL PRIMARY KEY, value text NOT NULL)`,
    );
    const key = `migrations-state-v2-${prefix}`;
    const rows = await transaction.unsafe(`SELECT value FROM ${metadataTable} WHERE key = $1`, [key]);
    if (Number(rows[0]?.['value'] ?? 0) >= 1) return;
    await transaction.unsafe(
      `CREATE TABLE IF NOT EXISTS ${table} (key text NOT NULL PRIMARY KEY, value bytea NOT NULL, etag uuid NOT NULL DEFAULT gen_random_uuid(),
        created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz, expires_at timestamptz)`,
    );
    await transaction.unsafe(`CREATE INDEX ON ${table} (expires_at)`);
    await transaction.unsafe(
      `INSERT INTO ${metadataTable} (key, value) VALUES ($1, '1') ON CONFLICT (key) DO UPDATE SET value = '1'`,
      [key],
    );
  });
}

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

const mismatch = (key: string, why: string) => fault('state-etag-mismatch', `key ${key} was not written: ${why}`);
