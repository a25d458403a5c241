import type { Sql } from 'postgres';
import { duration, text } from '#contracts/settings.ts';
import type { StateDelete, StateSet, StateStore, StateValue } from '#contracts/state.ts';
import { type PostgresSettings, postgresSettings } from '../clients/postgres.ts';
import type { Query } from './postgresql-tables.ts';

/** Settings of every version of the store. */
export const statePostgresSettings = postgresSettings.extend({
  metadataTableName: text('Table in which components note their progress.').default('dapr_metadata'),
  cleanupInterval: duration('How often expired rows are deleted; not positive never does.', 's', {
    aliases: ['cleanupIntervalInSeconds'],
  }).default(3_600_000),
});

/** What they are read as. */
export type StatePostgresSettings = PostgresSettings & { metadataTableName: string; cleanupInterval: number };

/** How a version lays out its table: what it reads and writes there, alone or within a transaction. */
export type Layout = {
  /** Those of the keys that exist and have not expired. */
  read(sql: Query, table: string, keys: readonly string[]): Promise<Map<string, StateValue>>;
  write(sql: Query, table: string, request: StateSet): Promise<void>;
  erase(sql: Query, table: string, request: StateDelete): Promise<void>;
};

/** The store over a table of a layout; `stop` is called once when it ends, before the connections are closed. */
export function postgresStore(sql: Sql, table: string, layout: Layout, stop: () => void): StateStore {
  const { read, write, erase } = layout;
  return {
    traits: ['ETAG', 'TTL'],
    get: async ({ key }) => (await read(sql, table, [key])).get(key),
    set: (request) => write(sql, table, request),
    delete: (request) => erase(sql, table, request),
    async bulkGet(requests) {
      const keys = requests.map(({ key }) => key);
      const found = await read(sql, table, keys);
      return keys.map((key) => ({ key, value: found.get(key) }));
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
    async [Symbol.asyncDispose]() {
      stop();
      await sql.end({ timeout: 1 });
    },
  };
}
