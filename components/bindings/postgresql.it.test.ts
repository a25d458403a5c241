import { openComponent } from '#contracts/component.ts';
import { bindingConformance } from '#contracts/conformance/binding.ts';
import { outageConformance } from '#contracts/conformance/outage.ts';
import { type Postgres, startPostgres } from '#e2e/postgres.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { component } from './postgresql.ts';

let server: Postgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const open = (login: { user?: string; password?: string } = {}) =>
  openComponent(
    component,
    { connectionString: server.connectionString, ...login },
    { name: 'sql', log: silentLogger, signal: new AbortController().signal, env: {} },
  );
type Opened = Awaited<ReturnType<typeof open>>;
const call = (binding: Opened, operation: string, metadata: Record<string, string> = {}) =>
  binding.invoke!({ operation, data: new Uint8Array(), metadata });
const rowsOf = async (binding: Opened, sql: string, params?: unknown[]) => {
  const { data } = await call(binding, 'query', { sql, ...(params && { params: JSON.stringify(params) }) });
  return JSON.parse(Buffer.from(data!).toString()) as unknown;
};

bindingConformance('bindings.postgresql', () => open(), {
  invoke: { operation: 'query', data: new Uint8Array(), metadata: { sql: 'SELECT 1' } },
});

describe('bindings.postgresql', () => {
  it('changes rows and reads them, with values apart from the statement', async () => {
    await using binding = await open();
    await call(binding, 'exec', { sql: 'CREATE TABLE orders (id int, item text, paid boolean, detail jsonb)' });
    const insert = 'INSERT INTO orders VALUES ($1, $2, $3, $4)';
    const params = JSON.stringify([7, "paddle'; DROP TABLE orders; --", true, { a: [1] }]);
    const answer = await call(binding, 'exec', { sql: insert, params });
    expect(answer.metadata).toMatchObject({ operation: 'exec', sql: insert, 'rows-affected': '1' });
    expect(answer.metadata?.['duration']).toMatch(/s$/);
    expect(await rowsOf(binding, 'SELECT * FROM orders WHERE id = $1', [7])).toEqual([
      [7, "paddle'; DROP TABLE orders; --", true, { a: [1] }],
    ]);
    expect(await rowsOf(binding, 'SELECT * FROM orders WHERE id = $1', [8])).toEqual([]);
  });

  it.each([
    ['query', {}, 'required metadata not set: sql'],
    ['query', { sql: 'SELECT $1', params: '{' }, 'metadata params is not JSON'],
    ['query', { sql: 'SELECT $1', params: '{}' }, 'metadata params must be a JSON array'],
    ['exec', { sql: 'SELEKT 1' }, 'error executing query: syntax error'],
    ['fly', { sql: 'SELECT 1' }, 'invalid operation type: fly'],
  ])('refuses %s with %j', async (operation, metadata, why) => {
    await using binding = await open();
    await expect(call(binding, operation, metadata as Record<string, string>)).rejects.toThrow(why);
  });

  it('does nothing any more once it was told to close', async () => {
    await using binding = await open();
    await call(binding, 'close');
    await call(binding, 'close');
    await expect(call(binding, 'query', { sql: 'SELECT 1' })).rejects.toThrow('component is closed');
  });
});

outageConformance('bindings.postgresql', {
  server: () => server,
  open,
  use: (binding) => rowsOf(binding, 'SELECT 1'),
});
