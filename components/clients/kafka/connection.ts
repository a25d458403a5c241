import type { BaseOptions } from '@platformatic/kafka';
import { z } from 'zod';
import { choice, duration, integer, list, pem, refused, secret, text, truth, unused } from '#contracts/settings.ts';
import { fault } from '#kit/errors/fault.ts';
import { oauthBearer, oidcSettings } from './oauth-bearer.ts';

const fields = z.object({
  brokers: list('host:port of brokers to begin with, with commas.', {
    example: 'localhost:9092,other:9092',
    whenMissing: "kafka error: missing 'brokers' attribute",
  }),
  authType: choice(
    'How to log in: by saslUsername and saslPassword, by a token of an OAuth2 provider (oidc…), by a client certificate, by TLS alone (certificate), or not. awsiam is not supported.',
    ['password', 'oidc', 'oidc_private_key_jwt', 'mtls', 'certificate', 'none'],
  ).optional(),
  authRequired: truth(
    'Older way to say authType: password where there is a saslPassword, else mtls; false is none.',
  ).optional(),
  saslUsername: text('User, for authType password.').optional(),
  saslPassword: secret('Password of the user.').optional(),
  saslMechanism: choice('How the password is shown.', ['PLAINTEXT', 'SHA-256', 'SHA-512']).default('PLAINTEXT'),
  ...oidcSettings.shape,
  disableTls: truth('Speaks in plain text where authType would have it in TLS.').default(false),
  skipVerify: truth('Encrypts without checking the broker. For tests only.').default(false),
  caCert: pem('Authority that signed the brokers’ certificates.').optional(),
  clientCert: pem('Certificate to show, for authType mtls.').optional(),
  clientKey: pem('Key of clientCert.', { secret: true }).optional(),
  clientId: text('What brokers know the client as.').default('sarama'),
  consumerGroup: text('Members of a group share its messages; the runtime puts the app ID here.', {
    aliases: ['consumerID'],
  }).default('default'),
  initialOffset: choice('Where a group begins that has read nothing yet.', ['newest', 'oldest']).default('newest'),
  maxMessageBytes: integer('Longest message to publish; 0 is 1048576.', { min: 0 }).default(0),
  consumeRetryInterval: duration('Pause before a message that failed is handed out again.', 'ms').default(100),
  sessionTimeout: duration('A member that shows no life for so long loses its partitions.').default(10_000),
  heartbeatInterval: duration('How often a member shows that it lives.').default(3_000),
  consumerFetchMin: integer('Bytes that brokers wait for before they answer.', { min: 1 }).default(1),
  consumerFetchDefault: integer('Most bytes of a partition in one answer.', { min: 1 }).default(1_048_576),
  channelBufferSize: integer('Messages of a partition to have ready; brokers are asked for more below that.', {
    min: 1,
  }).default(256),
  compression: choice('How messages are packed.', ['none', 'gzip', 'snappy', 'lz4', 'zstd']).default('none'),
  producerRequiredAcks: choice('Which brokers must have a message: all in step, the leader, or none.', [
    'all',
    'local',
    'none',
  ]).default('all'),
  producerRetryMax: integer('Tries after one that failed.', { min: 0 }).default(5),
  dialTimeout: duration('Longest wait for a connection.').default(30_000),
  readTimeout: duration('Longest wait for an answer.').default(30_000),
  escapeHeaders: truth('Escapes keys and headers as in a query, for HTTP apps.').default(false),
  excludeHeaderMetaRegex: text('Names of metadata, as a regular expression, that do not become headers.').optional(),
  version: unused('brokers say themselves which versions they speak.'),
  consumerGroupRebalanceStrategy: choice('How partitions are shared out. The others mean range too.', [
    'range',
    'sticky',
    'roundrobin',
  ]).default('range'),
  clientConnectionTopicMetadataRefreshInterval: unused('it is read anew when a broker says that it is out of date.'),
  metadataTimeout: unused('a request for metadata has the time of any other.'),
  writeTimeout: unused('a request has one time for the way there and the answer.'),
  clientConnectionKeepAliveInterval: unused('connections are kept while they are used, and made anew when lost.'),
  schemaRegistryURL: refused('messages go and come as they are, without a schema registry.'),
  schemaRegistryAPIKey: unused('there is no schema registry.'),
  schemaRegistryAPISecret: unused('there is no schema registry.', { secret: true }),
  schemaCachingEnabled: unused('there is no schema registry.'),
  schemaLatestVersionCacheTTL: unused('there is no schema registry.'),
  useAvroJSON: unused('there is no schema registry.'),
});

/** Settings of every component on Kafka. */
export const kafkaSettings = fields.refine(
  ({ authType, authRequired }) => authType !== undefined || authRequired !== undefined,
  "kafka error: 'authType' attribute was missing or empty",
);

export type KafkaSettings = z.output<typeof kafkaSettings>;

type AuthType = NonNullable<KafkaSettings['authType']>;

const retryDelayMs = 100;

/** How the library connects. Throws `invalid-metadata` for settings that do not go together. */
export function connectionOptions(given: KafkaSettings): BaseOptions {
  return {
    clientId: given.clientId,
    bootstrapBrokers: given.brokers,
    connectTimeout: given.dialTimeout,
    requestTimeout: given.readTimeout,
    timeout: given.readTimeout,
    retries: given.producerRetryMax,
    retryDelay: retryDelayMs,
    autocreateTopics: true,
    ...tlsOptions(given),
    ...loginOptions(given),
  };
}

function tlsOptions(given: KafkaSettings): Pick<BaseOptions, 'tls'> {
  const { disableTls, skipVerify, caCert, clientCert, clientKey } = given;
  const authType = authTypeOf(given);
  if (authType === 'certificate' && caCert === undefined) throw missing('caCert', authType);
  if (authType === 'mtls' && disableTls) throw fault('invalid-metadata', 'authType mtls needs TLS: remove disableTls');
  if (authType === 'mtls' && clientCert === undefined) throw missing('clientCert', authType);
  if (authType === 'mtls' && clientKey === undefined) throw missing('clientKey', authType);
  if (authType === 'none' || disableTls) return {};
  const own = authType === 'mtls' ? { cert: clientCert!, key: clientKey! } : {};
  return { tls: { rejectUnauthorized: !skipVerify, ...(caCert !== undefined && { ca: caCert }), ...own } };
}

const mechanisms = { PLAINTEXT: 'PLAIN', 'SHA-256': 'SCRAM-SHA-256', 'SHA-512': 'SCRAM-SHA-512' } as const;

const authTypeOf = ({ authType, authRequired, saslPassword }: KafkaSettings): AuthType =>
  authType ?? (!authRequired ? 'none' : saslPassword === undefined ? 'mtls' : 'password');

function loginOptions(given: KafkaSettings): Pick<BaseOptions, 'sasl'> {
  const { saslUsername, saslPassword, saslMechanism } = given;
  const authType = authTypeOf(given);
  if (authType === 'oidc' || authType === 'oidc_private_key_jwt') return { sasl: oauthBearer(given, authType) };
  if (authType !== 'password') return {};
  if (saslUsername === undefined) throw missing('saslUsername', authType);
  if (saslPassword === undefined) throw missing('saslPassword', authType);
  return { sasl: { mechanism: mechanisms[saslMechanism], username: saslUsername, password: saslPassword } };
}

const missing = (name: string, authType: string) =>
  fault('invalid-metadata', `${name} is missing: authType ${authType} needs it`);

/** Reads `excludeHeaderMetaRegex`. Throws `invalid-metadata` for what is no regular expression. */
export function headerFilter({ excludeHeaderMetaRegex: pattern }: KafkaSettings): (name: string) => boolean {
  if (pattern === undefined) return () => true;
  try {
    const excluded = new RegExp(pattern);
    return (name) => !excluded.test(name);
  } catch (cause) {
    throw fault('invalid-metadata', `excludeHeaderMetaRegex: ${(cause as Error).message}`, { cause });
  }
}

/** What went wrong, in the words of the error that the library wrapped. */
export function describeKafka(error: unknown): string {
  const { errors, cause, message } = error as { errors?: unknown[]; cause?: unknown; message: string };
  const inner = errors?.at(-1) ?? cause;
  return inner === undefined ? message : describeKafka(inner);
}
