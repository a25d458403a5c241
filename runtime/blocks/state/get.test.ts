import { expect, it } from '#kit/testing/test.ts';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { throughBothDoors } from '../../testing/doors.ts';
import { getForm } from '../../testing/state/forms.ts';
import { withStore } from '../../testing/state/store.ts';
import { getState } from './get.ts';

throughBothDoors('getting state', (connect) => {
  const setUp = async (setting = {}) => {
    const { object, stages } = await withStore(setting);
    const client = connect({ operations: [getState], stages });
    return {
      object,
      client,
      get: (key: string, storeName = 'orders') => client.call(Dapr.method.getState, { storeName, key }, getForm),
    };
  };

  it('answers the bytes of the value with its etag', async () => {
    const { object, get } = await setUp();
    await object.set({ key: 'shop||a/b c', value: Buffer.from('{"x":1}') });
    const reply = await get('a/b c');
    expect(Buffer.from(reply.data).toString()).toBe('{"x":1}');
    expect(reply.etag).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('answers nothing for a key that does not exist', async () => {
    const { get } = await setUp();
    expect(await get('none')).toMatchObject({ etag: '', metadata: {} });
  });

  it('says when the value expires', async () => {
    const { object, get } = await setUp();
    await object.set({ key: 'shop||a', value: Buffer.from('1'), metadata: { ttlInSeconds: '60' } });
    expect((await get('a')).metadata['ttlExpireTime']).toMatch(/^\d{4}-\d\d-\d\dT[\d:]+Z$/);
  });

  it('names a store that does not exist', async () => {
    const { client, get } = await setUp();
    await client.fails(get('a', 'other'), 'state-store-not-found', 'state store other is not found');
  });

  it('refuses a key that looks prefixed', async () => {
    const { client, get } = await setUp();
    await client.fails(get('a||b'), 'state-illegal-key', "input key/keyPrefix 'a||b' can't contain '||'");
  });

  it('hands on what the store says', async () => {
    const store = { traits: [], get: () => Promise.reject(new Error('disk on fire')) };
    const { client, get } = await setUp({ store });
    await client.fails(get('a'), 'state-get', 'fail to get a from state store orders: disk on fire');
  });
});
