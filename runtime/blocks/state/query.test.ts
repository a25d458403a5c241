import type { StateQuery, StateStore } from '#contracts/state.ts';
import { expect, it } from '#kit/testing/test.ts';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { throughBothDoors } from '../../testing/doors.ts';
import { queryForm } from '../../testing/state/forms.ts';
import { withStore } from '../../testing/state/store.ts';
import { queryState } from './query.ts';

throughBothDoors('querying state', (connect) => {
  const setUp = async (store: Partial<StateStore>) => {
    const { stages } = await withStore({ store: { traits: [], ...store } as StateStore });
    const client = connect({ operations: [queryState], stages });
    const find = (query: string) =>
      client.call(Dapr.method.queryStateAlpha1, { storeName: 'orders', query }, queryForm);
    return { client, find };
  };

  it('hands the parsed query to the store and answers its page', async () => {
    const asked: StateQuery[] = [];
    const { find } = await setUp({
      async query(query) {
        asked.push(query);
        return { results: [{ key: 'shop||a', data: Buffer.from('{"x":1}'), etag: '7' }], token: 'next' };
      },
    });
    const text = '{"filter":{"EQ":{"x":1}},"sort":[{"key":"x","order":"desc"}],"page":{"limit":2,"token":"t"}}';
    const reply = await find(text);
    expect(asked).toMatchObject([
      { filter: { EQ: { x: 1 } }, sort: [{ key: 'x', order: 'DESC' }], page: { limit: 2, token: 't' } },
    ]);
    expect(reply.token).toBe('next');
    expect(reply.results.map(({ key, data, etag }) => [key, Buffer.from(data).toString(), etag])).toEqual([
      ['a', '{"x":1}', '7'],
    ]);
  });

  it('says what is wrong with a query', async () => {
    const { client, find } = await setUp({ query: async () => ({ results: [], token: '' }) });
    await client.fails(
      find('{"sort":1}'),
      'state-query',
      'state store orders query failed: failed to parse JSON query body: sort must be a list',
    );
  });

  it('says that a store cannot', async () => {
    const { client, find } = await setUp({});
    await client.fails(find('{}'), 'state-query-not-supported', 'state store does not support querying');
  });
});
