import { isIP, type Socket } from 'node:net';
import postgres, { type Sql } from 'postgres';
import { z } from 'zod';
import { choice, duration, integer, refusedTruth, secret, text } from '#contracts/settings.ts';
import { fault } from '#kit/errors/fault.ts';
import { dialPostgres, type PostgresTarget } from './postgres-dial.ts';

/** Settings of every component on PostgreSQL. */
export const postgresSettings = z.object({
  connectionString: secret('Where the database is: a postgres:// URL, or host=… user=… password=… dbname=…', {
    aliases: ['url'],
    example: 'host=localhost user=app password=… port=5432 dbname=app',
  }).optional(),
  host: text('Host of the server; wins over the connection string.').optional(),
  hostaddr: text('Address of the host, in place of asking for its name.').optional(),
  port: integer('Port of the server; wins over the connection string.', { min: 1, max: 65_535 }).optional(),
  database: text('Database; wins over the connection string.').optional(),
  user: text('User; wins over the connection string.').optional(),
  password: secret('Password; wins over the connection string.').optional(),
  sslRootCert: text(
    'Path of the certificates to trust; the connection is then encrypted and the server checked.',
  ).optional(),
  timeout: duration('Longest wait for a connection or a request.', 's', { aliases: ['timeoutInSeconds'] })
    .refine((ms) => ms >= 1_000, 'must be at least 1s')
    .default(20_000),
  maxConns: integer('Most connections at a time; 0 is 4.', { min: 0 }).default(0),
  connectionMaxIdleTime: duration('How long a connection may stay unused; not positive is for ever.', 's', {
    aliases: ['connMaxIdleTime'],
  }).default(0),
  queryExecMode: choice(
    'Whether statements are prepared once for each connection (cache_…) or sent whole each time (the others), which poolers such as PgBouncer may need.',
    ['cache_statement', 'cache_describe', 'describe_exec', 'exec', 'simple_protocol'],
  ).default('cache_statement'),
  useAzureAD: refusedTruth('logging in by Microsoft Entra ID.'),
  useAWSIAM: refusedTruth('logging in by AWS IAM.'),
});

export type PostgresSettings = z.output<typeof postgresSettings>;

/** Opens a pool and makes sure that the server answers. Rejects with `unavailable` naming the server, never a password. */
export async function openPostgres(settings: PostgresSettings): Promise<Sql> {
  const target = targetOf(settings);
  const host = target['hostaddr'] ?? target['host'] ?? 'localhost';
  const port = Number(target['port'] ?? 5432);
  const tls = await tlsOf(settings, target);
  const sql = postgres({
    host,
    port,
    ...given('database', target['dbname'] ?? target['database']),
    ...given('username', target['user']),
    ...given('password', target['password']),
    ...dialling(() => dialPostgres({ host, port, tls, timeout: settings.timeout })),
    max: settings.maxConns || 4,
    prepare: settings.queryExecMode.startsWith('cache_'),
    connect_timeout: settings.timeout / 1_000,
    ...(settings.connectionMaxIdleTime > 0 ? { idle_timeout: settings.connectionMaxIdleTime / 1_000 } : {}),
    onnotice: () => {},
  });
  try {
    await sql`SELECT 1`;
    return sql;
  } catch (cause) {
    await sql.end({ timeout: 0 }).catch(() => {});
    const where = `${target['host'] ?? host}:${port}`;
    throw fault('unavailable', `cannot connect to postgresql at ${where}: ${(cause as Error).message}`, { cause });
  }
}

/** The library itself would wait for ever for a server that hangs. Its types leave this option out. */
const dialling = (socket: () => Promise<Socket>): object => ({ socket });

const given = (name: string, value: string | undefined) => (value === undefined ? {} : { [name]: value });

function targetOf(settings: PostgresSettings): Record<string, string | undefined> {
  const { connectionString, host, hostaddr, port, database, user, password } = settings;
  if (connectionString === undefined && host === undefined && hostaddr === undefined) {
    throw fault('invalid-metadata', 'connectionString is missing: give it, or host, user, password and database');
  }
  const own = { host, hostaddr, port: port === undefined ? undefined : String(port), dbname: database, user, password };
  const named = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  return { ...readConnectionString(connectionString ?? ''), ...named };
}

/** Reads a URL or libpq's `name=value` form; values may stand in single quotes. */
function readConnectionString(connectionString: string): Record<string, string> {
  if (/^postgres(ql)?:\/\//i.test(connectionString)) {
    if (!URL.canParse(connectionString)) throw fault('invalid-metadata', 'connectionString: not a valid URL');
    const url = new URL(connectionString);
    const parts = {
      host: url.hostname,
      port: url.port,
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      dbname: decodeURIComponent(url.pathname.slice(1)),
    };
    const set = Object.entries(parts).filter(([, value]) => value !== '');
    return { ...Object.fromEntries(set), ...Object.fromEntries(url.searchParams) };
  }
  const pairs = connectionString.matchAll(/(\w+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|(\S*))/g);
  return Object.fromEntries(
    [...pairs].map(([, name, quoted, plain]) => [name!, quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '']),
  );
}

/** How libpq's `sslmode` has it, and stricter where there is a certificate to trust. */
async function tlsOf(
  settings: PostgresSettings,
  { sslmode: mode = 'prefer', host }: Record<string, string | undefined>,
): Promise<PostgresTarget['tls']> {
  // Where an address is dialled, the certificate is still that of the host.
  const named = host === undefined || isIP(host) !== 0 ? {} : { servername: host };
  if (settings.sslRootCert !== undefined) {
    const { readFile } = await import('node:fs/promises');
    const ca = await readFile(settings.sslRootCert, 'utf8').catch((cause) => {
      throw fault('invalid-metadata', `sslRootCert: cannot read ${settings.sslRootCert}: ${cause.code}`, { cause });
    });
    return { ca, ...named };
  }
  if (mode === 'disable') return undefined;
  if (mode === 'verify-full' || mode === 'verify-ca') return named;
  return { rejectUnauthorized: false, optional: mode !== 'require', ...named };
}
