import type { MessageInitShape } from '@bufbuild/protobuf';
import { expect, it } from '#kit/testing/test.ts';
import type { StateItemSchema } from '#proto/dapr/proto/common/v1/common_pb.js';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { throughBothDoors } from '../../testing/doors.ts';
import { bulkForm, deleteForm, getForm, saveForm, transactForm } from '../../testing/state/forms.ts';
import { type StoreSetting, withStore } from '../../testing/state/store.ts';
import { deleteState } from './delete.ts';
import { getState } from './get.ts';
import { getBulkState } from './get-bulk.ts';
import { saveState } from './save.ts';
import { executeStateTransaction } from './transact.ts';

type Item = MessageInitShape<typeof StateItemSchema>;

const noOutbox = { announce: () => Promise.reject(new Error('no store here has an outbox')) };

const operations = [getState, saveState, deleteState, getBulkState, executeStateTransaction(noOutbox)];
const { method } = Dapr;
const storeName = 'orders';
const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString();
const item = (key: string, json: string, more: Item = {}): Item => ({ key, value: Buffer.from(json), ...more });

throughBothDoors('writing state', (connect) => {
  const setUp = async (setting: StoreSetting = {}) => {
    const { object, stages } = await withStore(setting);
    const client = connect({ operations, stages });
    return {
      object,
      client,
      get: (key: string) => client.call(method.getState, { storeName, key }, getForm),
      save: (...states: Item[]) => client.call(method.saveState, { storeName, states }, saveForm),
      remove: (key: string, etag?: string) =>
        client.call(method.deleteState, { storeName, key, ...(etag ? { etag: { value: etag } } : {}) }, deleteForm),
      transact: (...changes: [string, Item][]) =>
        client.call(
          method.executeStateTransaction,
          { storeName, operations: changes.map(([operationType, request]) => ({ operationType, request })) },
          transactForm,
        ),
    };
  };

  it('keeps values byte for byte', async () => {
    const { save, get } = await setUp();
    await save(item('a', '{"n": 12345678901234567890.10, "s":"\\u003c"}'), item('b', '"text"'));
    expect(text((await get('a')).data)).toBe('{"n": 12345678901234567890.10, "s":"\\u003c"}');
    expect(text((await get('b')).data)).toBe('"text"');
  });

  it('accepts an empty list', async () => {
    const { save } = await setUp();
    await expect(save()).resolves.toBeDefined();
  });

  it('puts the app before the key, or what the component says', async () => {
    const { object, save } = await setUp();
    await save(item('a', '1'));
    expect(await object.get({ key: 'shop||a' })).toBeDefined();
    const named = await setUp({ metadata: { KeyPrefix: 'NAME' } });
    await named.save(item('a', '1'));
    expect(await named.object.get({ key: 'orders||a' })).toBeDefined();
  });

  it('refuses a write whose etag has passed, and says so', async () => {
    const { client, save, get } = await setUp();
    await save(item('a', '1'));
    const { etag } = await get('a');
    await save(item('a', '2', { etag: { value: etag } }));
    await client.fails(
      save(item('a', '3', { etag: { value: etag } })),
      'state-etag-mismatch',
      /^failed saving state in state store orders: etag /,
      'ERR_STATE_SAVE',
    );
  });

  it('removes a key, with the right etag only', async () => {
    const { client, save, get, remove } = await setUp();
    await save(item('a', '1'));
    await client.fails(
      remove('a', 'wrong'),
      'state-etag-mismatch',
      /^failed deleting state with key a: /,
      'ERR_STATE_DELETE',
    );
    await remove('a');
    expect((await get('a')).etag).toBe('');
    await expect(remove('never')).resolves.toBeDefined();
  });

  it('reads many keys, present or not', async () => {
    const { client, save } = await setUp();
    await save(item('a', '{"x":1}'), item('b', '"t"'));
    const { items } = await client.call(method.getBulkState, { storeName, keys: ['a', 'b', 'c'] }, bulkForm);
    expect(items.map(({ key, data }) => [key, text(data)])).toEqual([
      ['a', '{"x":1}'],
      ['b', '"t"'],
      ['c', ''],
    ]);
  });

  it('changes all keys of a transaction, or none', async () => {
    const { client, save, get, transact } = await setUp();
    await save(item('old', '1'));
    await transact(['upsert', item('new', '"n"')], ['delete', { key: 'old' }]);
    expect(text((await get('new')).data)).toBe('"n"');
    expect((await get('old')).etag).toBe('');
    const stale = item('new', '"m"', { etag: { value: 'stale' } });
    await client.fails(
      transact(['upsert', item('other', '1')], ['upsert', stale]),
      'state-transaction',
      /^error while executing state transaction: etag stale/,
    );
    expect((await get('other')).etag).toBe('');
  });

  it('refuses what is no operation, and stores without transactions', async () => {
    const { client, transact } = await setUp();
    await client.fails(
      transact(['merge', item('a', '1')]),
      'state-operation-not-supported',
      'operation type merge not supported',
    );
    const plain = await setUp({ store: { traits: [] } as never });
    await plain.client.fails(
      plain.transact(['upsert', item('a', '1')]),
      'state-transactions-not-supported',
      "state store orders doesn't support transactions",
    );
  });

  it('encrypts values where the component has a key, with its name behind them', async () => {
    const key = '6368616e676520746869732070617373';
    const sealed = { metadata: { primaryEncryptionKey: key }, secretNames: { primaryEncryptionKey: 'mykey' } };
    const { object, save, get } = await setUp(sealed);
    await save(item('a', '{"x":1}'));
    expect(text((await object.get({ key: 'shop||a' }))?.data)).toMatch(/^[A-Za-z0-9+/]+=*\|\|mykey$/);
    expect(text((await get('a')).data)).toBe('{"x":1}');
    const rotated = await setUp({
      store: object,
      metadata: { primaryEncryptionKey: `${key}${key}`, secondaryEncryptionKey: key },
      secretNames: { primaryEncryptionKey: 'newer', secondaryEncryptionKey: 'mykey' },
    });
    expect(text((await rotated.get('a')).data)).toBe('{"x":1}');
  });
});
