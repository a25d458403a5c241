import postgres, { type Sql } from 'postgres';
import { openComponent } from '#contracts/component.ts';
import type { ConfigurationItems } from '#contracts/configuration.ts';
import { configurationConformance } from '#contracts/conformance/configuration.ts';
import { outageConformance } from '#contracts/conformance/outage.ts';
import { type Postgres, startPostgres } from '#e2e/postgres.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { component } from './postgresql.ts';

/** The table and trigger that Dapr's documentation has. */
const table = `
  CREATE TABLE settings (key varchar NOT NULL, value varchar NOT NULL, version varchar NOT NULL, metadata json);
  CREATE FUNCTION tell() RETURNS trigger AS $$
    DECLARE row record;
    BEGIN
      IF TG_OP = 'DELETE' THEN row = OLD; ELSE row = NEW; END IF;
      PERFORM pg_notify('changes', json_build_object('table', TG_TABLE_NAME, 'action', TG_OP, 'data', row_to_json(row))::text);
      RETURN NULL;
    END; $$ LANGUAGE plpgsql;
  CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON settings FOR EACH ROW EXECUTE PROCEDURE tell()`;

const connect = (server: Postgres) =>
  postgres({ host: '127.0.0.1', port: server.port, user: 'postgres', password: 'secret', onnotice: () => {} });

let server: Postgres;
let sql: Sql;
beforeAll(async () => {
  server = await startPostgres();
  sql = connect(server);
  await sql.unsafe(table);
});
afterAll(async () => {
  await sql.end();
  await server[Symbol.asyncDispose]();
});

const open = (metadata: Record<string, string> = {}) =>
  openComponent(
    component,
    { connectionString: server.connectionString, table: 'settings', notifyChannel: 'changes', ...metadata },
    { name: 'config', log: silentLogger, signal: new AbortController().signal, env: {} },
  );

configurationConformance(
  'configuration.postgresql',
  () => open(),
  () => ({
    async write(key, { value, version }) {
      const { count } = await sql`UPDATE settings SET value = ${value}, version = ${version} WHERE key = ${key}`;
      if (count === 0) await sql`INSERT INTO settings VALUES (${key}, ${value}, ${version}, '{"by": "test"}')`;
    },
    remove: (key) => sql`DELETE FROM settings WHERE key = ${key}`,
  }),
);

describe('configuration.postgresql', () => {
  it('answers the newest version of a key, by number, and its metadata', async () => {
    await using store = await open();
    await sql`INSERT INTO settings VALUES ('many', 'nine', '9', NULL), ('many', 'ten', '10', '{"a": "b"}')`;
    expect(await store.get({ keys: ['many'] })).toEqual({
      many: { value: 'ten', version: '10', metadata: { a: 'b' } },
    });
  });

  it.each([
    ['table', { table: 'missing' }, 'there is no table "missing"'],
    ['table', { table: 'x; DROP TABLE settings' }, 'must be of at most 64'],
    ['notifyChannel', { notifyChannel: 'Upper' }, 'must be of at most 64'],
  ])('names %s when it is wrong', async (name, metadata, why) => {
    await expect(open(metadata)).rejects.toThrow(new RegExp(`${name}: .*${why}`));
  });

  it('takes the channel from the request where the component names none', async () => {
    await using store = await open({ notifyChannel: '' });
    const { signal } = new AbortController();
    const watch = (metadata: Record<string, string>) => store.subscribe({ keys: [], metadata }, async () => {}, signal);
    await expect(watch({})).rejects.toThrow('notifyChannel is missing');
    await expect(watch({ pgNotifyChannel: 'a b' })).rejects.toThrow('pgNotifyChannel');
    await watch({ pgNotifyChannel: 'changes' });
  });

  it('overhears what is no row', async () => {
    await using store = await open();
    const heard: ConfigurationItems[] = [];
    await store.subscribe({ keys: [] }, async (items) => void heard.push(items), new AbortController().signal);
    for (const payload of ['', 'null', '{"data": 1}', '{"data": {"key": 7}}']) await sql.notify('changes', payload);
    await sql`INSERT INTO settings VALUES ('real', 'x', '1', NULL)`;
    await eventually(() => expect(heard.map((items) => Object.keys(items))).toEqual([['real']]));
  });

  it('tells what changed while its server was away', async () => {
    await using own = await startPostgres();
    const first = connect(own);
    await first.unsafe(table);
    await first`INSERT INTO settings VALUES ('k', 'old', '1', NULL)`;
    await first.end();
    await using store = await open({ connectionString: own.connectionString });
    const heard: ConfigurationItems[] = [];
    await store.subscribe({ keys: ['k'] }, async (items) => void heard.push(items), new AbortController().signal);
    await own.kill();
    await own.restart();
    const second = connect(own);
    await eventually(() => second`UPDATE settings SET value = 'new', version = '2'`);
    await eventually(() => expect(heard.at(-1)).toMatchObject({ k: { value: 'new', version: '2' } }));
    await second.end();
  });
});

outageConformance('configuration.postgresql', {
  server: () => server,
  open,
  use: (store) => store.get({ keys: ['outage'] }),
});
