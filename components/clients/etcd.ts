import type { MessageInitShape } from '@bufbuild/protobuf';
import { z } from 'zod';
import { list, secret, text, truth } from '#contracts/settings.ts';
import { fault } from '#kit/errors/fault.ts';
import type { Channel } from '#kit/grpc/client.ts';
import type { RangeResponse, TxnResponse } from '#proto/etcd/etcdserver_pb.js';

/** Settings of every component on etcd. */
export const etcdSettings = z.object({
  endpoints: list('host:port of the members, with commas between.', { example: 'localhost:2379' }).refine(
    (endpoints) => endpoints.length > 0,
    'names no member',
  ),
  tlsEnable: truth('Encrypts the connection and shows a certificate.').default(false),
  ca: text('Certificates to trust, in PEM; needed with tlsEnable.').optional(),
  cert: text('Certificate to show, in PEM; needed with tlsEnable.').optional(),
  key: secret('Key of cert, in PEM; needed with tlsEnable.').optional(),
});

export type EtcdSettings = z.output<typeof etcdSettings>;

/** A client of a cluster. Nothing is dialled before the first call; a member that is lost is replaced by the next. */
export type Etcd = AsyncDisposable & {
  range(request: RangeInit, signal?: AbortSignal): Promise<RangeResponse>;
  transact(request: TxnInit, signal?: AbortSignal): Promise<TxnResponse>;
  /** A lease of that many seconds; what is written under it goes when it ends. */
  grant(seconds: number, signal?: AbortSignal): Promise<bigint>;
};

type Schemas = typeof import('#proto/etcd/etcdserver_pb.js');
export type RangeInit = MessageInitShape<Schemas['RangeRequestSchema']>;
export type TxnInit = MessageInitShape<Schemas['TxnRequestSchema']>;

const callTimeoutMs = 5_000;
/** etcd sends answers as large as its database. */
const maxReceiveBytes = 2 ** 31 - 1;

/** Every call may take 5 s; one that fails rejects with `unavailable`, naming the endpoints. */
export async function openEtcd(settings: EtcdSettings): Promise<Etcd> {
  const [{ KV, Lease }, channel] = await Promise.all([import('#proto/etcd/etcdserver_pb.js'), dial(settings)]);
  const where = `etcd at ${settings.endpoints.join(', ')}`;
  const answerOf = async <T>(call: Promise<T>): Promise<T> => {
    try {
      return await call;
    } catch (cause) {
      throw fault('unavailable', `${where}: ${(cause as Error).message}`, { cause });
    }
  };
  const options = (signal: AbortSignal | undefined) => ({ signal, timeoutMs: callTimeoutMs });
  return {
    range: (request, signal) => answerOf(channel.unary(KV.method.range, request, options(signal))),
    transact: (request, signal) => answerOf(channel.unary(KV.method.txn, request, options(signal))),
    async grant(seconds, signal) {
      const request = { TTL: BigInt(seconds) };
      return (await answerOf(channel.unary(Lease.method.leaseGrant, request, options(signal)))).ID;
    },
    [Symbol.asyncDispose]: () => channel[Symbol.asyncDispose](),
  };
}

async function dial(settings: EtcdSettings): Promise<Channel> {
  const [{ connect }, { parseTarget }] = await Promise.all([
    import('#kit/grpc/client.ts'),
    import('#kit/grpc/target.ts'),
  ]);
  const addresses = settings.endpoints.map((endpoint) => parseTarget(endpoint.replace(/^https?:\/\//, '')));
  const tls = tlsOf(settings);
  return connect({ target: async () => addresses, maxReceiveBytes, ...(tls && { tls }) });
}

function tlsOf({ tlsEnable, ca, cert, key }: EtcdSettings) {
  if (!tlsEnable) return undefined;
  const missing = Object.entries({ ca, cert, key }).flatMap(([name, value]) => (value === undefined ? [name] : []));
  if (missing.length > 0) throw fault('invalid-metadata', `${missing.join(', ')}: needed with tlsEnable, and missing`);
  const material = { ca: ca!, cert: cert!, key: key! };
  return { material: () => material };
}
