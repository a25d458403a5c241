import { secretConformance } from '#contracts/conformance/secret.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { openEnv } from './env.ts';

const env = {
  TOKEN: 't',
  APP_TOKEN: 'a',
  APP_API_TOKEN: 'forbidden',
  DAPR_API_TOKEN: 'forbidden',
  dapr_x: 'forbidden',
};

secretConformance(
  'secretstores.local.env',
  async () => openEnv(env, '', silentLogger),
  { TOKEN: { TOKEN: 't' } },
  'is empty',
);

describe('secretstores.local.env', () => {
  it("hides the sidecar's own tokens", async () => {
    await using store = openEnv(env, '', silentLogger);
    expect(await store.get({ name: 'APP_API_TOKEN' })).toEqual({ APP_API_TOKEN: '' });
    expect(await store.bulkGet({})).toEqual({ TOKEN: { TOKEN: 't' }, APP_TOKEN: { APP_TOKEN: 'a' } });
  });

  it('looks up names behind the prefix', async () => {
    await using store = openEnv(env, 'APP_', silentLogger);
    expect(await store.get({ name: 'TOKEN' })).toEqual({ TOKEN: 'a' });
    expect(await store.get({ name: 'API_TOKEN' })).toEqual({ API_TOKEN: '' });
    expect(await store.bulkGet({})).toEqual({ TOKEN: { TOKEN: 'a' } });
  });
});
