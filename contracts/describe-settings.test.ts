import { z } from 'zod';
import { describe, expect, it } from '#kit/testing/test.ts';
import { describeSettings } from './describe-settings.ts';
import { duration, list, secret, text } from './settings.ts';

describe('describing settings', () => {
  it('writes a default as a manifest would', () => {
    const [wait, words] = describeSettings(
      z.object({ wait: duration('A pause.').default(90_000), words: list('Words.').default(['a', 'b']) }),
    );
    expect([wait?.default, words?.default]).toEqual(['1m30s', 'a,b']);
  });

  it('tells what must be given, what may be absent and what is secret', () => {
    const facts = describeSettings(z.object({ host: text('Where.'), key: secret('What opens it.').optional() }));
    expect(facts.map(({ name, required, secret, default: fallback }) => [name, required, secret, fallback])).toEqual([
      ['host', true, false, ''],
      ['key', false, true, ''],
    ]);
  });
});
