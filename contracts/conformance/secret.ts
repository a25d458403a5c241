import { afterEach, beforeEach, describe, expect, it } from '#kit/testing/test.ts';
import type { SecretStore } from '../secret.ts';
import { attach, serve } from '../wire/secret.ts';
import { bothWays, type Open } from './ways.ts';

/**
 * What every secret store must do, given one that holds exactly these secrets, or more. `missing` says how it answers
 * for a secret that does not exist.
 */
export function secretConformance(
  name: string,
  open: Open<SecretStore>,
  secrets: Readonly<Record<string, Readonly<Record<string, string>>>>,
  missing: 'rejects' | 'is empty' = 'rejects',
): void {
  for (const [way, openThisWay] of bothWays(open, { serve, attach })) {
    describe(`${name} ${way}`, () => {
      let store: SecretStore;
      beforeEach(async () => {
        store = await openThisWay();
      });
      afterEach(async () => {
        await store[Symbol.asyncDispose]();
      });

      it.each(Object.entries(secrets))('gives the values of %s', async (secret, values) => {
        expect({ ...(await store.get({ name: secret })) }).toEqual(values);
      });

      it(`${missing} for a secret that does not exist`, async () => {
        const answer = store.get({ name: 'no-such-secret' });
        const fault = { key: 'not-found', message: expect.stringContaining('no-such-secret') };
        if (missing === 'rejects') await expect(answer).rejects.toMatchObject(fault);
        else expect({ ...(await answer) }).toEqual({ 'no-such-secret': '' });
      });

      it('lists all secrets at once', async () => {
        expect(await store.bulkGet({})).toMatchObject(secrets);
      });
    });
  }
}
