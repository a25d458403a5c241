import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openComponent } from '#contracts/component.ts';
import { stateConformance } from '#contracts/conformance/state.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { component } from './sqlite.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'outrigger-sqlite-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const open = (metadata: Record<string, string>) =>
  openComponent(component, metadata, {
    name: 'store',
    log: silentLogger,
    signal: new AbortController().signal,
    env: {},
  });

stateConformance('state.sqlite', () => open({ connectionString: path.join(folder, 'suite.db') }));
stateConformance('state.sqlite in memory', () => open({ connectionString: ':memory:' }));

describe('state.sqlite', () => {
  const file = (name: string) => path.join(folder, name);
  const value = new TextEncoder().encode('{"a":1}');

  it('keeps rows in the layout that Dapr reads, JSON as text and all else in base64', async () => {
    await using store = await open({
      connectionString: `file:${file('layout.db')}?_txlock=immediate`,
      tableName: 'mine',
    });
    await store.set({ key: 'json', value, contentType: 'application/json' });
    await store.set({ key: 'raw', value });
    using database = new DatabaseSync(file('layout.db'));
    expect(database.prepare('SELECT key, value, is_binary FROM mine ORDER BY key').all()).toEqual([
      { key: 'json', value: '{"a":1}', is_binary: 0 },
      { key: 'raw', value: 'eyJhIjoxfQ==', is_binary: 1 },
    ]);
    expect(database.prepare('SELECT key, value FROM metadata').all()).toEqual([{ key: 'migrations', value: '1' }]);
    expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
  });

  it('takes an expired row for absent, also under first-write', async () => {
    await using store = await open({ connectionString: file('expired.db') });
    await store.set({ key: 'k', value, metadata: { ttlInSeconds: '60' } });
    using database = new DatabaseSync(file('expired.db'));
    database.exec("UPDATE state SET expiration_time = '2001-01-01 00:00:00'");
    expect(await store.get({ key: 'k' })).toBeUndefined();
    await store.set({ key: 'k', value, concurrency: 'first-write' });
    await expect(store.set({ key: 'k', value, concurrency: 'first-write' })).rejects.toMatchObject({
      key: 'state-etag-mismatch',
    });
  });

  it('rolls a transaction back whole', async () => {
    await using store = await open({ connectionString: file('rollback.db') });
    await store.set({ key: 'a', value });
    const operations = [
      { kind: 'delete', key: 'a' },
      { kind: 'set', key: 'b', value, etag: 'stale' },
    ] as const;
    await expect(store.transact!({ operations })).rejects.toMatchObject({ key: 'state-etag-mismatch' });
    expect(await store.get({ key: 'a' })).toBeDefined();
  });

  it('waits for another writer without blocking, then gives up', async () => {
    await using store = await open({ connectionString: file('busy.db'), busyTimeout: '5s' });
    using database = new DatabaseSync(file('busy.db'));
    database.exec('BEGIN IMMEDIATE');
    const write = store.set({ key: 'k', value });
    database.exec('COMMIT');
    await write;
    expect(await store.get({ key: 'k' })).toBeDefined();
    await using hasty = await open({ connectionString: file('busy.db'), busyTimeout: '0' });
    database.exec('BEGIN IMMEDIATE');
    await expect(hasty.set({ key: 'k', value })).rejects.toThrow('locked');
    database.exec('ROLLBACK');
  });

  it('waits for another that makes the same file', async () => {
    using database = new DatabaseSync(file('new.db'));
    database.exec('BEGIN EXCLUSIVE; CREATE TABLE first (a)');
    const opening = open({ connectionString: file('new.db'), busyTimeout: '5s' });
    database.exec('COMMIT');
    await using store = await opening;
    await store.set({ key: 'k', value });
    expect(await store.get({ key: 'k' })).toBeDefined();
  });

  it.each([
    [{}, 'missing connection string'],
    [{ connectionString: 'x', tableName: 'a;b' }, 'tableName: "a;b"'],
    [{ connectionString: 'x', timeout: '10ms' }, 'timeout: must be at least 1s'],
    [{ connectionString: 'x?_pragma=journal_mode(DELETE)' }, '_pragma journal_mode is not allowed'],
  ])('refuses %j', async (metadata, message) => {
    await expect(
      open({
        ...metadata,
        ...('connectionString' in metadata && {
          connectionString: metadata.connectionString.replace('x', file('bad.db')),
        }),
      }),
    ).rejects.toThrow(message);
  });
});
