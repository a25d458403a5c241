import { randomUUID } from 'node:crypto';
import { setInterval as every } from 'node:timers/promises';
import { defineComponent, type OpenContext } from '#contracts/component.ts';
import { hostPort, type NameInstance, type NameResolver } from '#contracts/names.ts';
import { duration, text } from '#contracts/settings.ts';
import { fault, toFault } from '#kit/errors/fault.ts';
import { identifier, migrate, openSqlite, type Sqlite, sqliteSettings } from '../clients/sqlite.ts';

export const component = defineComponent({
  type: 'nameresolution.sqlite',
  versions: ['v1'],
  title: 'SQLite',
  description:
    'Finds apps in a SQLite file that every sidecar of this machine writes itself into. Works without multicast.',
  settings: sqliteSettings.extend({
    timeout: duration('Longest wait for one request.').default(1_000),
    busyTimeout: duration('Longest wait while another process writes.').default(800),
    tableName: text('Table of the sidecars.').default('hosts'),
    metadataTableName: text('Table in which components note their progress.').default('metadata'),
    updateInterval: duration('How often a sidecar renews its entry; one that is older is not believed.')
      .refine((ms) => ms % 1_000 === 0, 'must not contain fractions of seconds')
      .default(5_000),
    cleanupInterval: duration('How often entries that are too old are deleted; not positive never does.', 's', {
      aliases: ['cleanupIntervalInSeconds'],
    }).default(3_600_000),
  }),
  open: (settings, context) => openSqliteNames(settings, context),
});

type Settings = Parameters<typeof openSqlite>[0] & {
  tableName: string;
  metadataTableName: string;
  updateInterval: number;
  cleanupInterval: number;
};

/** Opens the directory on Dapr's table: registration_id, address (unique), app_id, namespace, last_update in seconds. */
export async function openSqliteNames(
  settings: Settings,
  { log, signal }: Pick<OpenContext, 'log' | 'signal'>,
): Promise<NameResolver> {
  if (settings.updateInterval - settings.timeout < 1_000) {
    throw fault('invalid-metadata', 'nameresolution.sqlite: updateInterval must be at least 1s greater than timeout');
  }
  const table = identifier('tableName', settings.tableName);
  const metadataTable = identifier('metadataTableName', settings.metadataTableName);
  const database = await openSqlite(settings);
  await migrate(database, { metadataTable, key: 'nr-migrations', steps: layout(table) });
  const stop = new AbortController();
  const lifetime = AbortSignal.any([signal, stop.signal]);
  const registered: { id: string; address: string }[] = [];
  const believed = `unixepoch(CURRENT_TIMESTAMP) - last_update < ${settings.updateInterval / 1_000}`;
  const find = database.prepare(`SELECT address FROM ${table} WHERE app_id = ? AND ${believed}`);
  const renew = database.prepare(
    `UPDATE ${table} SET last_update = unixepoch(CURRENT_TIMESTAMP) WHERE registration_id = ?`,
  );
  const warn = (what: string) => (thrown: unknown) =>
    log.warn(`nameresolution.sqlite: ${what}: ${toFault(thrown).message}`);
  repeat(Math.max(500, settings.updateInterval - settings.timeout - 1), lifetime, () =>
    database.run(() => registered.forEach(({ id }) => void renew.run(id))).catch(warn('could not renew the entry')),
  );
  if (settings.cleanupInterval > 0) {
    const clean = database.prepare(`DELETE FROM ${table} WHERE NOT (${believed})`);
    repeat(settings.cleanupInterval, lifetime, () =>
      database.run(() => void clean.run()).catch(warn('could not delete old entries')),
    );
  }
  return {
    announce: (self) => register(database, table, self, registered),
    async resolve({ appId }) {
      const rows = await database.run(() => find.all(appId));
      if (rows.length === 0)
        throw fault('app-not-found', `couldn't find service: ${appId} (no host found in ${table})`);
      return rows.map((row) => String(row['address']));
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      const erase = database.prepare(`DELETE FROM ${table} WHERE registration_id = ?`);
      await database
        .run(() => registered.forEach(({ id }) => void erase.run(id)))
        .catch(warn('could not remove the entry'));
      await database[Symbol.asyncDispose]();
    },
  };
}

function layout(table: string): string[] {
  return [
    `CREATE TABLE ${table} (registration_id TEXT NOT NULL PRIMARY KEY, address TEXT NOT NULL UNIQUE, app_id TEXT NOT NULL,
      namespace TEXT NOT NULL, last_update INTEGER NOT NULL)`,
  ];
}

async function register(
  database: Sqlite,
  table: string,
  self: NameInstance,
  registered: { id: string; address: string }[],
): Promise<void> {
  const entry = { id: randomUUID(), address: hostPort(self.address, self.port) };
  // An address is one sidecar's: whoever had it before is gone.
  await database.transaction(() => {
    database.prepare(`DELETE FROM ${table} WHERE address = ?`).run(entry.address);
    database
      .prepare(
        `INSERT INTO ${table} (registration_id, address, app_id, namespace, last_update) VALUES (?, ?, ?, '', unixepoch(CURRENT_TIMESTAMP))`,
      )
      .run(entry.id, entry.address, self.appId);
  });
  registered.push(entry);
}

function repeat(ms: number, signal: AbortSignal, work: () => Promise<void>): void {
  const run = async (): Promise<void> => {
    for await (const _ of every(ms, undefined, { signal, ref: false })) await work();
  };
  run().catch(() => {});
}
