import { afterEach, beforeEach, describe, expect, it } from '#kit/testing/test.ts';
import type { SecretStore } from '../secret.ts';
import { attach, serve } from '../wire/secret.ts';
import { bothWays, type Open } from './ways.ts';

/** What every secret store must do, given one that holds exactly these secrets, or more. */
export function secretConformance(
  name: string,
  open: Open<SecretStore>,
  secrets: Readonly<Record<string, Readonly<Record<string, string>>>>,
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

      it('rejects a secret that does not exist, naming it', async () => {
        await expect(store.get({ name: 'no-such-secret' })).rejects.toMatchObject({
          key: 'not-found',
          message: expect.stringContaining('no-such-secret'),
        });
      });

      it('lists all secrets at once', async () => {
        expect(await store.bulkGet({})).toMatchObject(secrets);
      });
    });
  }
}
