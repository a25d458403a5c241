import { z } from 'zod';
import { components } from '#components/index.ts';
import { integer, secret, text } from '#contracts/settings.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { acceptComponent, type Catalog } from './accept-component.ts';

const catalog: Catalog = {
  'state.redis/v1': async () => ({
    settings: z.object({
      redisHost: text('Where it is.'),
      redisPassword: secret('To log in.').optional(),
      redisDB: integer('Which database.').default(0),
    }),
  }),
};

const accept = (
  spec: { type: string; version?: string; metadata?: object[] },
  annotations: Record<string, string> = {},
  loaded = false,
) => acceptComponent({ metadata: { name: 'orders', annotations }, spec }, loaded, catalog);

describe('acceptComponent', () => {
  it('accepts settings that fit, whatever is held by secrets', async () => {
    const metadata = [
      { name: 'redisHost', value: 'redis:6379' },
      { name: 'redisDB', secretKeyRef: { name: 'redis', key: 'db' } },
      { name: 'redisPassword', secretKeyRef: { name: 'redis' } },
      { name: 'actorStateStore', value: true },
    ];
    expect(await accept({ type: 'state.Redis', version: 'v1', metadata })).toEqual({
      type: 'Accepted',
      status: 'True',
      reason: 'Valid',
      message: 'its settings fit state.Redis',
    });
  });

  it.each(Object.keys(components).filter((key) => key.startsWith('pubsub.')))(
    'asks no consumer group of %s, for which sidecars put the app ID',
    async (key) => {
      const [type, version] = key.split('/');
      const resource = { metadata: { name: 'bus' }, spec: { type, version, metadata: [] } };
      expect((await acceptComponent(resource, false)).message).not.toMatch(/consumer/i);
    },
  );

  it('names an initTimeout that is no duration', async () => {
    const spec = { type: 'state.redis', initTimeout: 'soon', metadata: [{ name: 'redisHost', value: 'a' }] };
    expect((await accept(spec)).message).toBe(
      'spec.initTimeout: "soon" is not a duration (examples: 300ms, 1.5h, 2h45m)',
    );
  });

  it.each([
    [{ type: 'state.redis' }, 'InvalidSettings', 'spec.metadata: redisHost is missing'],
    [
      { type: 'state.redis', metadata: [{ name: 'redisHots', value: 'a' }] },
      'InvalidSettings',
      'spec.metadata: redisHost is missing: did you misspell it as "redisHots"?',
    ],
    [
      {
        type: 'state.redis',
        metadata: [
          { name: 'redisHost', value: 'a' },
          { name: 'redisPasword', value: 'hunter2' },
        ],
      },
      'InvalidSettings',
      'spec.metadata: redisPasword is unknown: did you mean "redisPassword"?',
    ],
    [{ type: 'state.rediss' }, 'UnknownType', 'spec.type: "state.rediss" is not built in; did you mean state.redis?'],
    [{ type: 'state.redis', version: 'v9' }, 'UnknownType', 'spec.version: state.redis has no version "v9", it has v1'],
    [{ type: '', metadata: [{ value: 1 }] }, 'Invalid', 'spec.metadata[0].name: is missing'],
  ])('says what is wrong with %j', async (spec, reason, message) => {
    const found = await accept(spec as never);
    expect(found).toMatchObject({ status: 'False', reason });
    expect(found.message).toContain(message);
  });

  it('leaves types that a pluggable component brings to it, and believes a sidecar that loaded one', async () => {
    expect(await accept({ type: 'state.mine' }, { 'outrigger.dev/host': 'socket' })).toMatchObject({
      status: 'Unknown',
      reason: 'Pluggable',
    });
    expect(await accept({ type: 'state.mine' }, {}, true)).toMatchObject({ status: 'True', reason: 'Loaded' });
  });

  it('refuses a host there is none of', async () => {
    expect(await accept({ type: 'state.redis' }, { 'outrigger.dev/host': 'cloud' })).toMatchObject({
      status: 'False',
      reason: 'UnknownHost',
    });
  });
});
