import { randomUUID } from 'node:crypto';
import { defineComponent, type OpenContext } from '#contracts/component.ts';
import { duration, text } from '#contracts/settings.ts';
import type { StateDelete, StateKeysLike, StateSet, StateStore, StateValue } from '#contracts/state.ts';
import { fault } from '#kit/errors/fault.ts';
import type { Logger } from '#kit/log/logger.ts';
import {
  identifier,
  migrate,
  openSqlite,
  type Sqlite,
  type SqliteSettings,
  sqliteSettings,
} from '../clients/sqlite.ts';
import { ttlSeconds } from './ttl.ts';

export const component = defineComponent({
  type: 'state.sqlite',
  versions: ['v1'],
  title: 'SQLite',
  description: 'Keeps state in a file on this machine, or in memory. Sidecars on one machine may share the file.',
  settings: sqliteSettings.extend({
    tableName: text('Table of the state.').default('state'),
    metadataTableName: text('Table in which components note their progress.').default('metadata'),
    cleanupInterval: duration('How often expired rows are deleted; not positive never does.', 's', {
      aliases: ['cleanupIntervalInSeconds'],
    }).default(0),
  }),
  open: (settings, context: OpenContext) => openStateSqlite(settings, context),
});

type Settings = SqliteSettings & { tableName: string; metadataTableName: string; cleanupInterval: number };

const live = '(expiration_time IS NULL OR expiration_time > CURRENT_TIMESTAMP)';
const expiry = "CASE WHEN ?2 > 0 THEN DATETIME(CURRENT_TIMESTAMP, '+' || ?2 || ' seconds') END";

/** Opens the store on Dapr's table layout: key, value, is_binary, etag, expiration_time, update_time. */
export async function openStateSqlite(settings: Settings, { log }: Pick<OpenContext, 'log'>): Promise<StateStore> {
  const table = identifier('tableName', settings.tableName);
  const metadataTable = identifier('metadataTableName', settings.metadataTableName);
  const database = await openSqlite(settings);
  try {
    await migrate(database, { metadataTable, key: 'migrations', steps: [createTable(table)] });
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
  const stopCleaning = cleanRegularly(database, { ...settings, table, metadataTable, log });
  const close = async () => {
    stopCleaning();
    await database[Symbol.asyncDispose]();
  };
  return storeOn(database, table, close);
}

function storeOn(database: Sqlite, table: string, close: () => Promise<void>): StateStore {
  const read = database.prepare(
    `SELECT value, is_binary, etag, expiration_time FROM ${table} WHERE key = ? AND ${live}`,
  );
  const write = writer(database, table);
  const erase = eraser(database, table);
  const get = (key: string): StateValue | undefined => {
    const row = read.get(key);
    return row && readRow(row);
  };
  return {
    traits: ['ETAG', 'TTL'],
    get: ({ key }, signal) => database.run(() => get(key), signal),
    set: (request, signal) => database.run(() => write(request), signal),
    delete: (request, signal) => database.run(() => erase(request), signal),
    bulkGet: (requests, signal) => database.run(() => requests.map(({ key }) => ({ key, value: get(key) })), signal),
    async transact({ operations }, signal) {
      if (operations.length === 0) return;
      await database.transaction(() => {
        for (const operation of operations) {
          if (operation.kind === 'set') write(operation);
          else erase(operation);
        }
      }, signal);
    },
    keysLike: (request, signal) => database.run(() => keysLike(database, table, request), signal),
    ping: (signal) => database.run(() => void database.prepare('SELECT 1').get(), signal),
    [Symbol.asyncDispose]: close,
  };
}

const createTable = (table: string) => `CREATE TABLE IF NOT EXISTS ${table} (
  key TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL,
  is_binary BOOLEAN NOT NULL,
  etag TEXT NOT NULL,
  expiration_time TIMESTAMP DEFAULT NULL,
  update_time TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
)`;

function writer(database: Sqlite, table: string): (request: StateSet) => void {
  const columns = '(key, value, is_binary, etag, update_time, expiration_time)';
  const row = `?1, ?3, ?4, ?5, CURRENT_TIMESTAMP, ${expiry}`;
  const always = database.prepare(`INSERT OR REPLACE INTO ${table} ${columns} VALUES (${row})`);
  // An expired row that is not deleted yet counts as absent.
  const ifAbsent = database.prepare(
    `INSERT OR REPLACE INTO ${table} ${columns} SELECT ${row} WHERE NOT EXISTS (SELECT 1 FROM ${table} WHERE key = ?1 AND ${live})`,
  );
  const ifUnchanged = database.prepare(
    `UPDATE ${table} SET value = ?3, is_binary = ?4, etag = ?5, update_time = CURRENT_TIMESTAMP, expiration_time = ${expiry}
     WHERE key = ?1 AND etag = ?6 AND ${live}`,
  );
  return (request) => {
    const { key, etag, concurrency } = request;
    if (key === '') throw fault('bad-request', 'the key must not be empty');
    const [value, isBinary] = encode(request);
    const cells = [key, ttlSeconds(request.metadata) ?? 0, value, isBinary, randomUUID()] as const;
    if (etag) {
      if (ifUnchanged.run(...cells, etag).changes === 0) throw mismatch(key, `etag ${etag} is not current`);
    } else if (concurrency === 'first-write') {
      if (ifAbsent.run(...cells).changes === 0) throw mismatch(key, 'it exists already and no etag was given');
    } else {
      always.run(...cells);
    }
  };
}

function eraser(database: Sqlite, table: string): (request: StateDelete) => void {
  const always = database.prepare(`DELETE FROM ${table} WHERE key = ?`);
  const ifUnchanged = database.prepare(`DELETE FROM ${table} WHERE key = ? AND etag = ?`);
  return ({ key, etag }) => {
    if (key === '') throw fault('bad-request', 'the key must not be empty');
    if (!etag) always.run(key);
    else if (ifUnchanged.run(key, etag).changes === 0) throw mismatch(key, `etag ${etag} is not current`);
  };
}

const mismatch = (key: string, why: string) => fault('state-etag-mismatch', `key ${key} was not written: ${why}`);

/** JSON is kept as text, all else in base64 and marked so. */
function encode({ value, contentType }: StateSet): [value: string, isBinary: 0 | 1] {
  const data = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (contentType !== 'application/json') return [data.toString('base64'), 1];
  const text = data.toString('utf8');
  return Buffer.from(text).equals(data) ? [text, 0] : [data.toString('base64'), 1];
}

function readRow(row: Record<string, unknown>): StateValue {
  const { value, is_binary: isBinary, etag, expiration_time: expires } = row;
  return {
    data: Buffer.from(String(value), isBinary ? 'base64' : 'utf8'),
    etag: String(etag),
    metadata: expires ? { ttlExpireTime: `${String(expires).replace(' ', 'T')}Z` } : undefined,
  };
}

/** Pages follow the order of rows; the token is the id of the last one given. */
function keysLike(database: Sqlite, table: string, { pattern, pageSize, continuationToken }: StateKeysLike) {
  if (pattern === '') throw fault('bad-request', 'the pattern of keysLike must not be empty');
  const limit = pageSize || -1;
  const rows = database
    .prepare(
      `SELECT key, rowid FROM ${table} WHERE key LIKE ? ESCAPE '\\' AND ${live} AND rowid > ? ORDER BY rowid LIMIT ?`,
    )
    .all(pattern, Number(continuationToken ?? 0), limit);
  const last = rows.length === limit ? rows.at(-1) : undefined;
  return { keys: rows.map(({ key }) => String(key)), continuationToken: last && String(last['rowid']) };
}

/** Deletes expired rows now and then; processes that share the file take turns through the metadata table. */
function cleanRegularly(
  database: Sqlite,
  {
    table,
    metadataTable,
    cleanupInterval,
    log,
  }: { table: string; metadataTable: string; cleanupInterval: number; log: Logger },
): () => void {
  if (cleanupInterval <= 0) return () => {};
  const takeTurn = database.prepare(
    `INSERT INTO ${metadataTable} (key, value) VALUES ('last-cleanup', CURRENT_TIMESTAMP)
     ON CONFLICT (key) DO UPDATE SET value = CURRENT_TIMESTAMP
     WHERE (unixepoch(CURRENT_TIMESTAMP) - unixepoch(value)) * 1000 > ?`,
  );
  const remove = database.prepare(
    `DELETE FROM ${table} WHERE expiration_time IS NOT NULL AND expiration_time < CURRENT_TIMESTAMP`,
  );
  const clean = async () => {
    try {
      const removed = await database.run(() =>
        takeTurn.run(cleanupInterval - 100).changes ? remove.run().changes : 0,
      );
      if (removed) log.debug(`table ${table}: removed ${removed} expired rows`);
    } catch (error) {
      log.warn(`table ${table}: cannot remove expired rows: ${(error as Error).message}`);
    }
  };
  const timer = setInterval(() => void clean(), cleanupInterval).unref();
  return () => clearInterval(timer);
}
