import postgres, { type Sql } from 'postgres';
import { openComponent } from '#contracts/component.ts';
import { outageConformance } from '#contracts/conformance/outage.ts';
import { stateConformance } from '#contracts/conformance/state.ts';
import type { StateQuery } from '#contracts/state.ts';
import { type Postgres, startPostgres } from '#e2e/postgres.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { component } from './postgresql-v1.ts';

let server: Postgres;
let sql: Sql;
beforeAll(async () => {
  server = await startPostgres();
  sql = postgres({ host: '127.0.0.1', port: server.port, user: 'postgres', password: 'secret', onnotice: () => {} });
});
afterAll(async () => {
  await sql.end();
  await server[Symbol.asyncDispose]();
});

const open = (metadata: Record<string, string> = {}) =>
  openComponent(
    component,
    { connectionString: server.connectionString, ...metadata },
    { name: 'store', log: silentLogger, signal: new AbortController().signal, env: {} },
  );
type Opened = Awaited<ReturnType<typeof open>>;
const bytes = (text: string) => new TextEncoder().encode(text);
const put = (store: Opened, key: string, value: unknown) =>
  store.set({ key, value: bytes(JSON.stringify(value)), contentType: 'application/json' });

stateConformance('state.postgresql v1', () => open(), { json: 'as values' });

describe('state.postgresql v1', () => {
  it('keeps values in the layout that Dapr reads', async () => {
    await using store = await open({ tableName: 'layout' });
    await put(store, 'json', { a: 1 });
    await store.set({ key: 'bytes', value: bytes('x') });
    const rows = await sql`SELECT key, value::text, isbinary, xmin::text, expiredate FROM layout ORDER BY key`;
    expect(rows.map((row) => [row['key'], row['value'], row['isbinary'], row['expiredate']])).toEqual([
      ['bytes', '"eA=="', true, null],
      ['json', '{"a": 1}', false, null],
    ]);
    expect((await store.get({ key: 'json' }))?.etag).toBe(rows[1]?.['xmin']);
  });

  it('takes on tables of older sidecars, wherever they stand', async () => {
    await sql.unsafe(
      `CREATE TABLE older (key text NOT NULL PRIMARY KEY, value jsonb NOT NULL, isbinary boolean NOT NULL,
        insertdate timestamptz NOT NULL DEFAULT now(), updatedate timestamptz NULL);
       INSERT INTO older VALUES ('old', '"there"', false);
       CREATE TABLE notes (key text NOT NULL PRIMARY KEY, value text NOT NULL);
       INSERT INTO notes VALUES ('migrations', '1')`,
    );
    await using store = await open({ tableName: 'older', metadataTableName: 'notes' });
    expect(String((await store.get({ key: 'old' }))?.data)).toBe('"there"');
    await put(store, 'new', 1);
    expect((await store.keysLike!({ pattern: '%' })).keys).toEqual(['old', 'new']);
    expect((await sql`SELECT value FROM notes`)[0]?.['value']).toBe('3');
  });

  it('refuses an etag that is no number of a transaction', async () => {
    await using store = await open();
    for (const etag of ['first', '4294967296', '-1']) {
      const set = store.set({ key: 'k', value: bytes('x'), etag });
      await expect(set).rejects.toMatchObject({ key: 'state-etag-invalid' });
    }
  });

  it('leaves everything as it was when one etag of a transaction is stale', async () => {
    await using store = await open();
    await put(store, 'tx-a', 1);
    const operations = [
      { kind: 'delete', key: 'tx-a' },
      { kind: 'set', key: 'tx-b', value: bytes('x'), etag: '1' },
    ] as const;
    await expect(store.transact!({ operations })).rejects.toMatchObject({ key: 'state-etag-mismatch' });
    expect(await store.get({ key: 'tx-a' })).toBeDefined();
  });

  describe('queries', () => {
    const people = [
      { city: 'Oslo', age: 40, job: { title: 'cook' }, paid: true },
      { city: 'Rome', age: 7, job: { title: 'pupil' }, paid: false },
      { city: 'Oslo', age: 9, job: { title: 'pupil' }, paid: false },
      { city: 'Riga', age: 'old', job: null },
    ];
    const ask = async (query: Partial<StateQuery>) => {
      await using store = await open({ tableName: 'people' });
      await Promise.all(people.map((person, i) => put(store, `p${i}`, person)));
      await store.set({ key: 'binary', value: bytes('x') });
      const { results, token } = await store.query!({ filter: {}, sort: [], page: { limit: 0, token: '' }, ...query });
      return { keys: results.map(({ key }) => key), token };
    };

    it.each([
      [{ EQ: { city: 'Oslo' } }, ['p0', 'p2']],
      [{ NEQ: { city: 'Oslo' } }, ['p1', 'p3']],
      [{ EQ: { age: 7 } }, ['p1']],
      [{ EQ: { paid: true } }, ['p0']],
      [{ GT: { age: 9 } }, ['p0']],
      [{ LTE: { age: 9 } }, ['p1', 'p2']],
      [{ IN: { 'job.title': ['cook', 'judge'] } }, ['p0']],
      [{ AND: [{ EQ: { city: 'Oslo' } }, { OR: [{ LT: { age: 10 } }, { EQ: { 'job.title': 'judge' } }] }] }, ['p2']],
      [{ EQ: { "city' OR '1'='1": 'x' } }, []],
      [{}, ['p0', 'p1', 'p2', 'p3']],
    ])('finds by %j', async (filter, keys) => {
      expect((await ask({ filter })).keys.sort()).toEqual(keys);
    });

    it('sorts and answers in pages', async () => {
      const sort = [
        { key: 'city', order: 'DESC' as const },
        { key: 'age', order: 'ASC' as const },
      ];
      const first = await ask({ sort, page: { limit: 3, token: '' } });
      expect(first).toEqual({ keys: ['p1', 'p3', 'p2'], token: '3' });
      expect(await ask({ sort, page: { limit: 3, token: first.token } })).toEqual({ keys: ['p0'], token: '' });
    });

    it.each([
      [{ filter: { LIKE: { city: 'O%' } } }, 'operator LIKE is not supported'],
      [{ filter: { GT: { age: '9' } } }, 'the value for age must be a number'],
      [{ filter: { IN: { city: [] } } }, 'empty IN operator for key "city"'],
      [{ filter: { AND: [] } }, 'AND needs a list of conditions'],
      [{ filter: { EQ: { a: 1, b: 2 } } }, 'one name and one operand'],
      [{ page: { limit: 1, token: 'next' } }, 'page token "next"'],
    ])('refuses %j', async (query, why) => {
      await expect(ask(query)).rejects.toThrow(why);
    });
  });
});

outageConformance('state.postgresql v1', {
  server: () => server,
  open,
  use: async (store) => {
    await store.set({ key: 'outage', value: new Uint8Array() });
    await store.get({ key: 'outage' });
  },
});
