import fc from 'fast-check';
import { Fault } from '#kit/errors/fault.ts';
import { grpcCode } from '#kit/errors/table.ts';
import { StatusError } from '#kit/grpc/status.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import type { AppChannel } from '../channel/channel.ts';
import { noAnswer } from '../invoke/message.ts';
import { askGrpcApp, askHttpApp } from './programmatic.ts';

const { signal } = new AbortController();

const askHttp = (status: number, body: string) => {
  const invoke = async () => ({ ...noAnswer, status, body: Buffer.from(body) });
  return askHttpApp({ protocol: 'http', invoke } as unknown as AppChannel, 'shop', silentLogger, signal);
};
const askGrpc = (answer: object | Error) => {
  const unary = async () => {
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return askGrpcApp({ unary } as never, undefined, signal);
};
const paths = (rules: readonly { match: string; path: string }[]) => rules.map(({ match, path }) => [match, path]);

describe('the subscriptions of an HTTP app', () => {
  it('have a route, or rules in their order with a default after them', async () => {
    const [one, two] = await askHttp(
      200,
      JSON.stringify([
        { pubsubname: 'broker', topic: 'a', route: '/a', deadLetterTopic: 'dead', metadata: { rawPayload: 'true' } },
        {
          pubsubname: 'broker',
          topic: 'b',
          route: '/unused',
          routes: { rules: [{ match: 'event.type == "x"', path: '/x' }], default: '/rest' },
          bulkSubscribe: { enabled: true, maxMessagesCount: 5 },
        },
      ]),
    );
    expect(one).toMatchObject({
      ...{ pubsubName: 'broker', topic: 'a', deadLetterTopic: 'dead', metadata: { rawPayload: 'true' } },
      ...{ bulk: undefined, origin: 'PROGRAMMATIC' },
    });
    expect(paths(one!.rules)).toEqual([['', '/a']]);
    expect(two?.bulk).toEqual({ maxMessages: 5, maxAwaitMs: 1_000 });
    expect(paths(two!.rules)).toEqual([
      ['event.type == "x"', '/x'],
      ['', '/rest'],
    ]);
  });

  it('are read whatever the case of their names, as a Go app may say pubsubName', async () => {
    const rules = [{ Match: 'true', PATH: '/x' }];
    const bulkSubscribe = { Enabled: true };
    const [one] = await askHttp(
      200,
      JSON.stringify([{ pubsubName: 'broker', Topic: 'a', Routes: { Rules: rules }, BulkSubscribe: bulkSubscribe }]),
    );
    expect([one?.pubsubName, one?.topic, paths(one!.rules)]).toEqual(['broker', 'a', [['true', '/x']]]);
    expect(one?.bulk).toBeDefined();
  });

  it.each([
    [404, 'not found'],
    [500, 'broken'],
    [200, ''],
    [200, 'null'],
    [200, '[]'],
    [200, '[{"pubsubname":"broker","topic":"nowhere"}]'],
  ])('are none where it answers %d %s', async (status, body) => {
    expect(await askHttp(status, body)).toEqual([]);
  });

  it.each([
    ['{', 'error getting topics from app'],
    ['{"topic":"a"}', 'error getting topics from app'],
    ['[{"topic":1}]', 'error getting topics from app'],
    ['[{"topic":"a","routes":{"rules":[{"match":"event.type ==","path":"/x"}]}}]', '"event.type ==" is not a CEL'],
  ])('cannot be read from %s', async (body, why) => {
    await expect(askHttp(200, body)).rejects.toThrow(why);
  });

  it('are read from any JSON, or refused as a fault', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), async (body) => {
        const all = await askHttp(200, body).catch((error: unknown) => error);
        expect(Array.isArray(all) || all instanceof Fault).toBe(true);
      }),
    );
  });
});

describe('the subscriptions of a gRPC app', () => {
  const subscription = { pubsubName: 'broker', topic: 'a', metadata: {}, deadLetterTopic: '' };

  it('take everything where there are no routes', async () => {
    const [one, two] = await askGrpc({
      subscriptions: [
        subscription,
        { ...subscription, routes: { rules: [{ match: 'true', path: 'x' }], default: 'rest' } },
      ],
    });
    expect(paths(one!.rules)).toEqual([['', '']]);
    expect(paths(two!.rules)).toEqual([
      ['true', 'x'],
      ['', 'rest'],
    ]);
  });

  it('are none where it does not know the call, and fail as the call does', async () => {
    expect(await askGrpc(new StatusError(grpcCode.UNIMPLEMENTED, 'what?'))).toEqual([]);
    await expect(askGrpc(new StatusError(grpcCode.INTERNAL, 'oh'))).rejects.toThrow('oh');
  });
});
