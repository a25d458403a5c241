import { z } from 'zod';
import { choice, duration, integer, refusedTruth, secret, text, truth, unused } from '#contracts/settings.ts';
import { fault } from '#kit/errors/fault.ts';

/** Settings of every component on Redis. */
export const redisSettings = z.object({
  redisHost: text('host:port of the server; several with commas for a cluster or sentinels.', {
    example: 'localhost:6379',
  }),
  redisPort: integer('Port of hosts that are written without one.', { min: 1, max: 65_535 }).optional(),
  redisUsername: text('User of the ACL; empty is the default user.').optional(),
  redisPassword: secret('Password of the user.').optional(),
  sentinelUsername: text('User at the sentinels.').optional(),
  sentinelPassword: secret('Password at the sentinels.').optional(),
  redisDB: integer('Number of the database; a cluster has only 0.', { min: 0 }).default(0),
  redisType: choice('What the host is.', ['node', 'cluster']).default('node'),
  failover: truth('Asks the sentinels at redisHost for the master.').default(false),
  sentinelMasterName: text('Name of the master, for failover.').optional(),
  enableTLS: truth('Encrypts the connection and checks the server.').default(false),
  insecureSkipTLSVerify: truth('Encrypts without checking the server. For tests only.').default(false),
  clientCert: text('Certificate to show, in PEM or as the path of a file.').optional(),
  clientKey: secret('Key of clientCert, in PEM or as the path of a file.').optional(),
  redisMaxRetries: integer('Tries after a failed connection; -1 is none.', {
    min: -1,
    aliases: ['maxRetries'],
  }).default(3),
  redisMinRetryInterval: duration('Shortest pause before a try.', 'ms', { aliases: ['maxRetryBackoff'] }).default(8),
  redisMaxRetryInterval: duration('Longest pause before a try.', 'ms').default(512),
  dialTimeout: duration('Longest wait for a connection.', 'ms').default(5_000),
  readTimeout: duration(
    'Longest wait for an answer, after which the connection is made anew; not positive is for ever.',
    'ms',
  ).default(3_000),
  writeTimeout: unused('readTimeout bounds a command from its beginning.'),
  poolSize: unused('commands share one connection.'),
  poolTimeout: unused('commands share one connection.'),
  minIdleConns: unused('commands share one connection.'),
  maxConnAge: unused('the connection is kept.'),
  idleTimeout: unused('the connection is kept.'),
  idleCheckFrequency: unused('the connection is kept.'),
  useEntraID: refusedTruth('logging in by Microsoft Entra ID.', { aliases: ['useAzureAD'] }),
});

export type RedisSettings = z.output<typeof redisSettings>;

export type RedisNode = { host: string; port: number };

/** The nodes that redisHost names. Throws `invalid-metadata` where redisPort contradicts a port of redisHost. */
export function hostsOf({ redisHost, redisPort }: Pick<RedisSettings, 'redisHost' | 'redisPort'>): RedisNode[] {
  return redisHost.split(',').map((one) => {
    const [, v6, v4, given] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(one.trim()) ?? [];
    const name = v6 ?? v4 ?? '';
    if (name === '') throw fault('invalid-metadata', `redisHost: "${one}" is not host:port`);
    if (given !== undefined && redisPort !== undefined && Number(given) !== redisPort) {
      throw fault('invalid-metadata', `redisPort is ${redisPort}, but redisHost says ${one}: remove one of them`);
    }
    return { host: name, port: Number(given ?? redisPort ?? 6379) };
  });
}
