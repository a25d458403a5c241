import type { Sql } from 'postgres';
import { z } from 'zod';
import { defineComponent, type OpenContext } from '#contracts/component.ts';
import type { ConfigurationItems, ConfigurationStore } from '#contracts/configuration.ts';
import { text } from '#contracts/settings.ts';
import { fault } from '#kit/errors/fault.ts';
import { openPostgres, postgresSettings } from '../clients/postgres.ts';
import { watchedItems } from './watched-items.ts';

const longestName = 64;
/** Names that may be put into SQL as they are, and which PostgreSQL does not fold. */
const isName = (name: string) => /^[a-z0-9_]+(\.[a-z0-9_]+)?$/.test(name) && name.length <= longestName;
const nameRule = `must be of at most ${longestName} small letters, digits and _, with one dot after a schema`;

const settings = postgresSettings.extend({
  table: text('Table of the items: key, value, version, metadata.', { example: 'configtable' }).refine(
    isName,
    nameRule,
  ),
  notifyChannel: text('Channel on which a trigger of the table tells of changes; needed to subscribe.', {
    aliases: ['pgNotifyChannel'],
  })
    .refine(isName, nameRule)
    .optional(),
});

export const component = defineComponent({
  type: 'configuration.postgresql',
  aliases: ['configuration.postgres'],
  versions: ['v1'],
  title: 'PostgreSQL',
  description:
    'Reads items from a table, and hears of changes by NOTIFY from a trigger that sends `{"table": …, "action": …, "data": row}`.',
  settings,
  open: async (given, { log }: OpenContext) => {
    const sql = await openPostgres(given);
    await checkTable(sql, given.table);
    const life = new AbortController();
    const store: ConfigurationStore = {
      get: ({ keys }) => read(sql, given.table, keys),
      async subscribe({ keys, metadata = {} }, onChange, subscription) {
        const channel = given.notifyChannel ?? channelOf(metadata, given.table);
        const until = AbortSignal.any([subscription, life.signal]);
        const tell = (items: ConfigurationItems) => {
          if (until.aborted) return;
          onChange(items).catch((thrown: Error) => log.warn(`a change was not handed on: ${thrown.message}`));
        };
        const watched = watchedItems(() => read(sql, given.table, keys), tell);
        const heard = (payload: string) => {
          const items = itemsOf(payload);
          if (items === undefined) log.warn(`channel ${channel}: what came is not a row of a trigger: ${payload}`);
          else if (isWanted(items, keys)) watched.heard(items);
        };
        let listening = false;
        const reconnected = () => {
          if (listening)
            watched.catchUp().catch((thrown) => log.warn(`cannot catch up with ${given.table}: ${thrown}`));
          listening = true;
        };
        const { unlisten } = await sql.listen(channel, heard, reconnected);
        await watched.begin();
        const leave = () => void unlisten().catch(() => {});
        if (until.aborted) leave();
        else until.addEventListener('abort', leave, { once: true });
      },
      ping: async () => void (await sql`SELECT 1`),
      async [Symbol.asyncDispose]() {
        life.abort();
        await sql.end({ timeout: 1 });
      },
    };
    return store;
  },
});

async function checkTable(sql: Sql, table: string): Promise<void> {
  const [row] = await sql`SELECT to_regclass(${table}) IS NOT NULL AS exists`;
  if (row?.['exists'] === true) return;
  await sql.end({ timeout: 0 });
  throw fault('invalid-metadata', `table: there is no table "${table}" in the database`);
}

/** The channel that a request names, as the first versions of Dapr's component wanted it. */
function channelOf(metadata: Readonly<Record<string, string>>, table: string): string {
  const named = Object.entries(metadata).find(([name]) => name.toLowerCase() === 'pgnotifychannel')?.[1];
  if (named === undefined) throw fault('bad-request', `notifyChannel is missing: table ${table} cannot be watched`);
  if (!isName(named)) throw fault('bad-request', `pgNotifyChannel: "${named}" ${nameRule}`);
  return named;
}

/** Rows of one key, the one with the highest number for a version winning. */
async function read(sql: Sql, table: string, keys: readonly string[]): Promise<ConfigurationItems> {
  const only = keys.length > 0 ? 'WHERE key = ANY($1::text[])' : '';
  const rows = await sql.unsafe(
    `SELECT key, value, version, metadata FROM ${table} ${only}`,
    keys.length > 0 ? [keys as string[]] : [],
  );
  const items: Record<string, ConfigurationItems[string]> = {};
  for (const row of rows) {
    const [key, item] = itemOf(row);
    const former = items[key];
    if (former === undefined || numberOf(item.version) > numberOf(former.version)) items[key] = item;
  }
  return items;
}

const numberOf = (version: string) => (/^-?\d+$/.test(version) ? Number(version) : -1);

const rowShape = z.object({
  key: z.string(),
  value: z.string().nullish(),
  version: z.coerce.string().nullish(),
  metadata: z.record(z.string(), z.coerce.string()).nullish(),
});

function itemOf(row: unknown): [key: string, item: ConfigurationItems[string]] {
  const { key, value, version, metadata } = rowShape.parse(row);
  return [key, { value: value ?? '', version: version ?? '', metadata: metadata ?? {} }];
}

const payloadShape = z.object({ action: z.string().optional(), data: rowShape });

/** The item a trigger tells of; undefined for anything else that is said on the channel. */
function itemsOf(payload: string): ConfigurationItems | undefined {
  try {
    const { action, data } = payloadShape.parse(JSON.parse(payload));
    const [key, item] = itemOf(data);
    return { [key]: action?.toUpperCase() === 'DELETE' ? { value: '', version: '' } : item };
  } catch {
    return undefined;
  }
}

const isWanted = (items: ConfigurationItems, keys: readonly string[]): boolean =>
  keys.length === 0 || Object.keys(items).some((key) => keys.includes(key));
