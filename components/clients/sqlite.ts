import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { duration, text, truth } from '#contracts/settings.ts';
import { fault } from '#kit/errors/fault.ts';

/** Settings of every component on SQLite. */
export const sqliteSettings = z.object({
  connectionString: text('Path of the database file, or a file: URI with options; ":memory:" keeps it in memory.', {
    aliases: ['url'],
    example: 'data.db',
    whenMissing: 'missing connection string',
  }),
  timeout: duration('Longest wait for one request.', 's', { aliases: ['timeoutInSeconds'] })
    .refine((ms) => ms >= 1_000, 'must be at least 1s')
    .default(20_000),
  busyTimeout: duration('Longest wait while another process writes; not positive fails at once.').default(2_000),
  disableWAL: truth('Keeps the rollback journal. Needed on network file systems.').default(false),
});

export type SqliteSettings = z.output<typeof sqliteSettings>;

export type Sqlite = AsyncDisposable & {
  prepare(sql: string): StatementSync;
  /** Runs it at once; while another process holds the lock, again every few milliseconds without blocking this one. */
  run<T>(work: () => T, signal?: AbortSignal): Promise<T>;
  /** `run` in one write transaction; what `work` throws rolls it back. */
  transaction<T>(work: () => T, signal?: AbortSignal): Promise<T>;
};

const pragmasOfOurs = ['busy_timeout', 'journal_mode', 'foreign_keys'];
const busyCode = 5;
const retryMs = 5;

/**
 * Opens the database as Dapr does: WAL, immediate transactions, the pragmas of the connection string. Sidecars that start
 * together wait for each other, as making a new file's journal takes the lock.
 */
export async function openSqlite(settings: SqliteSettings): Promise<Sqlite> {
  const { path, options, inMemory } = readConnectionString(settings.connectionString);
  const readOnly = options.get('mode') === 'ro' || options.get('immutable') === '1';
  // The wait for a lock must not block the event loop, so the engine itself never waits.
  const database = new DatabaseSync(path, { readOnly, timeout: 0 });
  for (const pragma of options.getAll('_pragma')) database.exec(`PRAGMA ${pragmaOf(pragma)}`);
  const begin = `BEGIN ${lockMode(options.get('_txlock'))}`;

  const run = async <T>(work: () => T, signal?: AbortSignal): Promise<T> => {
    const deadline = performance.now() + settings.busyTimeout;
    for (;;) {
      signal?.throwIfAborted();
      try {
        return work();
      } catch (error) {
        if ((error as { errcode?: number }).errcode !== busyCode || performance.now() >= deadline) throw error;
        await pause(retryMs, undefined, { signal });
      }
    }
  };
  const journal = inMemory ? 'MEMORY' : settings.disableWAL || readOnly ? 'DELETE' : 'WAL';
  await run(() => database.exec(`PRAGMA journal_mode = ${journal}`));
  return {
    prepare: (sql) => database.prepare(sql),
    run,
    transaction: (work, signal) =>
      run(() => {
        database.exec(begin);
        try {
          const result = work();
          database.exec('COMMIT');
          return result;
        } catch (error) {
          database.exec('ROLLBACK');
          throw error;
        }
      }, signal),
    async [Symbol.asyncDispose]() {
      if (database.isOpen) database.close();
    },
  };
}

/** A table name that may be put into SQL as it is. Throws `invalid-metadata` naming the setting. */
export function identifier(setting: string, value: string): string {
  if (!/^\w+$/.test(value)) throw fault('invalid-metadata', `${setting}: "${value}" must be of letters, digits and _`);
  return value;
}

/**
 * Brings tables to the last of the steps. The level reached is kept under `key` in the metadata table, which Dapr's
 * own SQLite components share.
 */
export async function migrate(
  database: Sqlite,
  { metadataTable, key, steps }: { metadataTable: string; key: string; steps: readonly string[] },
): Promise<void> {
  await database.transaction(() => {
    database
      .prepare(`CREATE TABLE IF NOT EXISTS ${metadataTable} (key text NOT NULL PRIMARY KEY, value text NOT NULL)`)
      .run();
    const row = database.prepare(`SELECT value FROM ${metadataTable} WHERE key = ?`).get(key);
    const level = row ? Number(row['value']) : 0;
    if (!Number.isInteger(level) || level < 0) {
      throw fault(
        'invalid-metadata',
        `table ${metadataTable}: the level of ${key} is "${row?.['value']}", not a number`,
      );
    }
    for (const step of steps.slice(level)) database.prepare(step).run();
    const save = database.prepare(`REPLACE INTO ${metadataTable} (key, value) VALUES (?, ?)`);
    if (level < steps.length) save.run(key, String(steps.length));
  });
}

function readConnectionString(connectionString: string): { path: string; options: URLSearchParams; inMemory: boolean } {
  const question = connectionString.indexOf('?');
  const location = (question < 0 ? connectionString : connectionString.slice(0, question)).replace(
    /^file:(\/\/(?=\/))?/i,
    '',
  );
  const options = new URLSearchParams(question < 0 ? '' : connectionString.slice(question + 1));
  return { path: location, options, inMemory: location.toLowerCase() === ':memory:' };
}

function pragmaOf(text: string): string {
  const [, name = '', value] = /^(\w+)(?:\(([\w.-]*)\)|=([\w.-]*))?$/.exec(text) ?? [];
  if (name === '') throw fault('invalid-metadata', `connectionString: _pragma "${text}" cannot be read`);
  if (pragmasOfOurs.includes(name.toLowerCase())) {
    throw fault('invalid-metadata', `connectionString: _pragma ${name} is not allowed: use busyTimeout or disableWAL`);
  }
  return value === undefined ? text : `${name} = ${value}`;
}

function lockMode(option: string | null): string {
  const mode = (option ?? 'immediate').toUpperCase();
  if (!['DEFERRED', 'IMMEDIATE', 'EXCLUSIVE'].includes(mode)) {
    throw fault('invalid-metadata', `connectionString: _txlock "${option}" is none of deferred, immediate, exclusive`);
  }
  return mode;
}
