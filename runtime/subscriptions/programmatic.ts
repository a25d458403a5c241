import { z } from 'zod';
import { fault } from '#kit/errors/fault.ts';
import { grpcCode } from '#kit/errors/table.ts';
import { StatusError } from '#kit/grpc/status.ts';
import type { Transport } from '#kit/grpc/transport.ts';
import type { Logger } from '#kit/log/logger.ts';
import { anyCase } from '#kit/values/any-case.ts';
import { AppCallback } from '#proto/dapr/proto/runtime/v1/appcallback_pb.js';
import type { AppChannel } from '../channel/channel.ts';
import { collect } from '../invoke/message.ts';
import { compileRules } from './route.ts';
import { bulkOf, type Subscription } from './subscription.ts';

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');

const route = spelled({ match: text, path: text });

const answer = z.array(
  spelled({
    pubsubname: text,
    topic: text,
    deadLetterTopic: text,
    metadata: z.record(z.string(), z.string()).nullish(),
    route: text,
    routes: spelled({ rules: z.array(route).nullish(), default: text }).nullish(),
    bulkSubscribe: spelled({
      enabled: z.boolean().default(false),
      maxMessagesCount: z.number().optional(),
      maxAwaitDurationMs: z.number().optional(),
    }).nullish(),
  }),
);

/** An object whose names come in any case of letters: a Go app may say `pubsubName`. */
function spelled<S extends z.ZodRawShape>(shape: S) {
  const read = anyCase(...Object.keys(shape));
  return z.preprocess((value) => (value !== null && typeof value === 'object' ? read(value) : value), z.object(shape));
}

/** Asks an HTTP app at `GET /dapr/subscribe`. Rejects where the app cannot be reached or answers nonsense. */
export async function askHttpApp(
  channel: AppChannel,
  appId: string,
  log: Logger,
  signal: AbortSignal,
): Promise<Subscription[]> {
  const call = {
    method: 'dapr/subscribe',
    verb: 'GET',
    query: '',
    contentType: 'application/json',
    typeUrl: '',
    from: 'http',
    body: Buffer.alloc(0),
  } as const;
  const { status, body } = await channel.invoke({ ...call, headers: { 'dapr-app-id': appId } }, signal);
  const json = (await collect(body)).toString();
  if (status === 404) return [];
  if (status !== 200) {
    log.error(`app returned http status code ${status} from subscription endpoint`);
    return [];
  }
  const all = await Promise.all(parse(json).map(fromJson));
  return all.filter(({ topic, rules }) => {
    if (rules.length === 0) log.warn(`topic ${topic} has an empty routes. removing from subscriptions list`);
    return rules.length > 0;
  });
}

function parse(json: string): z.output<typeof answer> {
  if (json.trim() === '') return [];
  try {
    return answer.parse(JSON.parse(json) ?? []);
  } catch (cause) {
    throw fault('bad-request', `error getting topics from app: ${(cause as Error).message}`, { cause });
  }
}

async function fromJson(item: z.output<typeof answer>[number]): Promise<Subscription> {
  return {
    pubsubName: item.pubsubname,
    topic: item.topic,
    metadata: item.metadata ?? {},
    deadLetterTopic: item.deadLetterTopic,
    rules: await compileRules(item.routes?.rules ?? [], item.routes?.default || item.route),
    bulk: bulkOf(item.bulkSubscribe ?? undefined),
    origin: 'PROGRAMMATIC',
  };
}

/** Asks a gRPC app; one that does not implement the method has none. */
export async function askGrpcApp(
  app: Pick<Transport, 'unary'>,
  token: string | undefined,
  signal: AbortSignal,
): Promise<Subscription[]> {
  const metadata = token ? { 'dapr-api-token': token } : {};
  try {
    const { subscriptions } = await app.unary(AppCallback.method.listTopicSubscriptions, {}, { signal, metadata });
    return await Promise.all(
      subscriptions.map(async ({ pubsubName, topic, metadata, deadLetterTopic, routes, bulkSubscribe }) => {
        const rules = await compileRules(routes?.rules ?? [], routes?.default ?? '');
        const everything = rules.length > 0 ? rules : await compileRules([{ match: '', path: '' }], '');
        return {
          pubsubName,
          topic,
          metadata,
          deadLetterTopic,
          rules: everything,
          bulk: bulkOf(bulkSubscribe),
          origin: 'PROGRAMMATIC' as const,
        };
      }),
    );
  } catch (thrown) {
    if (thrown instanceof StatusError && thrown.code === grpcCode.UNIMPLEMENTED) return [];
    throw thrown;
  }
}
