import type { Sql } from 'postgres';
import type { Binding, InvokeRequest, InvokeResponse } from '#contracts/binding.ts';
import { defineComponent } from '#contracts/component.ts';
import { fault } from '#kit/errors/fault.ts';
import { formatDuration } from '#kit/values/duration.ts';
import { openPostgres, postgresSettings } from '../clients/postgres.ts';

export const component = defineComponent({
  type: 'bindings.postgresql',
  aliases: ['bindings.postgres'],
  versions: ['v1'],
  title: 'PostgreSQL',
  description:
    'Runs SQL: `exec` answers how many rows it changed, `query` the rows, as arrays of their columns. The request’s metadata has the statement, `sql`, and the values of its $1, $2 …, `params`, as a JSON array.',
  settings: postgresSettings,
  open: async (settings): Promise<Binding> => {
    const sql = await openPostgres(settings);
    let closed = false;
    const close = async () => {
      if (closed) return;
      closed = true;
      await sql.end({ timeout: 1 });
    };
    return {
      operations: ['exec', 'query', 'close'],
      async invoke(request) {
        if (request.operation === 'close') {
          await close();
          return {};
        }
        if (closed) throw fault('unavailable', 'component is closed');
        return await run(sql, request);
      },
      ping: async () => void (await sql`SELECT 1`),
      [Symbol.asyncDispose]: close,
    };
  },
});

async function run(sql: Sql, { operation, metadata = {} }: InvokeRequest): Promise<InvokeResponse> {
  const statement = metadata['sql'];
  if (!statement) throw fault('bad-request', 'required metadata not set: sql');
  if (operation !== 'exec' && operation !== 'query') {
    throw fault('bad-request', `invalid operation type: ${operation}. Expected exec, query, or close`);
  }
  const parameters = parametersOf(metadata['params']);
  const start = new Date();
  const began = performance.now();
  const result = await ask(sql, statement, parameters);
  const about = {
    operation,
    sql: statement,
    'start-time': start.toISOString(),
    'end-time': new Date().toISOString(),
    duration: formatDuration(Math.round((performance.now() - began) * 1_000) / 1_000),
  };
  if (operation === 'exec') return { metadata: { ...about, 'rows-affected': String(result.count) } };
  return { data: Buffer.from(JSON.stringify([...result])), metadata: about };
}

/** Rows as arrays; values as their JSON. Parameters travel as values, never in the text of the statement. */
async function ask(sql: Sql, statement: string, parameters: readonly Parameter[]) {
  try {
    return await sql.unsafe(statement, parameters as Parameter[]).values();
  } catch (cause) {
    throw fault('unavailable', `error executing query: ${(cause as Error).message}`, { cause });
  }
}

/** Any JSON: objects and arrays as the columns want them. */
type Parameter = string | number | boolean | null;

function parametersOf(text: string | undefined): Parameter[] {
  if (text === undefined || text === '') return [];
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (thrown) {
    throw fault('bad-request', `metadata params is not JSON: ${(thrown as Error).message}`);
  }
  if (!Array.isArray(read)) throw fault('bad-request', 'metadata params must be a JSON array');
  return read as Parameter[];
}
