import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '#kit/testing/test.ts';
import type { CryptoProvider } from '../crypto.ts';
import type { Open } from './ways.ts';

/** What every vault of keys must do; run it from the component's test. Each key is one that `open` makes it have. */
export function cryptoConformance(
  name: string,
  open: Open<CryptoProvider>,
  keys: readonly { keyName: string; algorithm: string }[],
): void {
  describe(`${name} as a vault of keys`, () => {
    let vault: CryptoProvider;
    beforeEach(async () => {
      vault = await open();
    });
    afterEach(async () => {
      await vault[Symbol.asyncDispose]();
    });
    const plaintextKey = randomBytes(32);
    const refused = expect.objectContaining({ key: 'bad-request' });

    describe.each(keys)('$keyName', (use) => {
      it('gives back a key that it has wrapped', async () => {
        const wrappedKey = await vault.wrapKey({ ...use, plaintextKey });
        expect(Buffer.from(wrappedKey).includes(plaintextKey)).toBe(false);
        expect(Buffer.from(await vault.unwrapKey({ ...use, wrappedKey })).equals(plaintextKey)).toBe(true);
      });

      it('refuses what it has not wrapped', async () => {
        const wrappedKey = Buffer.from(await vault.wrapKey({ ...use, plaintextKey }));
        wrappedKey[5]! ^= 1;
        await expect(vault.unwrapKey({ ...use, wrappedKey })).rejects.toEqual(refused);
        await expect(vault.unwrapKey({ ...use, wrappedKey: new Uint8Array() })).rejects.toEqual(refused);
      });

      it('refuses an algorithm that it does not know, by name', async () => {
        const unknown = vault.wrapKey({ ...use, algorithm: 'ROT13', plaintextKey });
        await expect(unknown).rejects.toThrow('ROT13');
      });
    });

    it('says so when there is no such key', async () => {
      const { algorithm } = keys[0]!;
      const missing = vault.wrapKey({ keyName: 'no/such-key', algorithm, plaintextKey });
      await expect(missing).rejects.toMatchObject({ key: 'not-found' });
    });
  });
}
