import fc from 'fast-check';
import { z } from 'zod';
import { describe, expect, it } from '#kit/testing/test.ts';
import {
  choice,
  duration,
  integer,
  list,
  parseSettings,
  refused,
  refusedTruth,
  secret,
  settingProblems,
  text,
  truth,
  unused,
} from './settings.ts';

const schema = z.object({
  redisHost: text('Where the server is.', { aliases: ['host'] }),
  redisPassword: secret('To log in.').optional(),
  redisDB: integer('Which database.', { min: 0, max: 15 }).default(0),
  enableTLS: truth('Whether to encrypt.').default(false),
  dialTimeout: duration('How long to try.', 'ms').default(5_000),
  mode: choice('How to connect.', ['node', 'cluster']).default('node'),
  topics: list('What to read.').default([]),
});

const parse = (metadata: Record<string, string>) => parseSettings('state.redis', schema, metadata);

describe('parseSettings', () => {
  it('reads names in any case, aliases, and the forms values come in', () => {
    const metadata = {
      REDISHOST: 'a:6379',
      redisdb: '3',
      EnableTls: 'Yes',
      dialTimeout: '2s',
      mode: 'Cluster',
      topics: 'a, b',
    };
    expect(parse(metadata).settings).toEqual({
      redisHost: 'a:6379',
      redisDB: 3,
      enableTLS: true,
      dialTimeout: 2_000,
      mode: 'cluster',
      topics: ['a', 'b'],
    });
    expect(parse({ host: 'b', dialTimeout: '250' }).settings).toMatchObject({ redisHost: 'b', dialTimeout: 250 });
  });

  it('takes an empty value for an absent one', () => {
    expect(parse({ redisHost: 'a', redisDB: '' }).settings.redisDB).toBe(0);
    expect(() => parse({ redisHost: '' })).toThrow('redisHost is missing');
  });

  it('passes over what has no effect, and refuses what is not offered', () => {
    const registry = 'a registry of schemas.';
    const some = z.object({
      pool: unused('there is none.'),
      registry: refused(registry),
      cloud: refusedTruth('that.'),
    });
    const read = (metadata: Record<string, string>) => parseSettings('pubsub.x', some, metadata);
    expect(read({ pool: '10', registry: '', cloud: 'no' }).unknown).toEqual([]);
    expect(() => read({ registry: 'http://r', cloud: 'yes' })).toThrow(
      'pubsub.x: registry: not offered here: a registry of schemas.; cloud: not offered here: that.',
    );
  });

  it('names the setting that is missing and the word it was probably misspelt as', () => {
    expect(() => parse({ redisHots: 'a' })).toThrow(
      'state.redis: redisHost is missing: did you misspell it as "redisHots"?',
    );
  });

  it('reports all wrong values at once', () => {
    expect(() => parse({ redisHost: 'a', redisDB: 'x', mode: 'ring' })).toThrow(
      'redisDB: "x" is not a whole number; mode: "ring" is none of node, cluster',
    );
    expect(() => parse({ redisHost: 'a', redisDB: '16' })).toThrow('redisDB: 16 is not within 0 and 15');
  });

  it('lets settings of other layers pass and says what a strange name may have meant', () => {
    expect(parse({ redisHost: 'a', actorStateStore: 'true', redisPasword: 'x' }).unknown).toEqual([
      { name: 'actorStateStore', meant: undefined },
      { name: 'redisPasword', meant: 'redisPassword' },
    ]);
  });

  it('parses or throws a fault, whatever it is given', () => {
    const names = fc.constantFrom(...Object.keys(schema.shape), 'other', '__proto__');
    fc.assert(
      fc.property(fc.array(fc.tuple(names, fc.string())), (entries) => {
        try {
          parse(Object.fromEntries(entries));
        } catch (error) {
          expect(error).toMatchObject({ key: 'invalid-metadata' });
        }
      }),
    );
  });
});

describe('settingProblems', () => {
  it('takes values that are elsewhere for good', () => {
    expect(settingProblems(schema, { redisHost: 'a' }, ['redisDB', 'REDISPASSWORD'])).toEqual([]);
    expect(settingProblems(schema, {}, ['redisHost'])).toEqual([]);
  });

  it('names what is missing, wrong or nearly right', () => {
    expect(settingProblems(schema, { redisHots: 'a', mode: 'ring', enableTSL: 'true', other: '1' }, [])).toEqual([
      'redisHost is missing: did you misspell it as "redisHots"?',
      'mode: "ring" is none of node, cluster',
      'enableTSL is unknown: did you mean "enableTLS"?',
    ]);
  });
});
