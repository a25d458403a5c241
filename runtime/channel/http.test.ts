import type { HttpCall } from '#kit/http/call.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { callOf, noBody } from '../invoke/message.ts';
import { createHttpChannel } from './http.ts';

function channel(answered = { status: 200, headers: { 'content-length': '0' } as Record<string, string> }) {
  const calls: HttpCall[] = [];
  const body = { async *[Symbol.asyncIterator]() {}, read: async () => noBody };
  const client = {
    async call(call: HttpCall) {
      calls.push(call);
      return { ...answered, body: body as never };
    },
    async [Symbol.asyncDispose]() {},
  };
  return { calls, channel: createHttpChannel({ client, maxConcurrency: 0, appToken: 'mine' }) };
}

describe('the channel to an app that speaks HTTP', () => {
  it('shows the app its own token in place of the caller’s', async () => {
    const { calls, channel: app } = channel();
    await app.invoke(callOf('GET', '/pay', { 'dapr-api-token': 'theirs', 'x-own': '1' }, noBody), undefined);
    expect(calls[0]?.headers).toMatchObject({ 'dapr-api-token': 'mine', 'x-own': '1' });
  });

  it('tells the app that a typed message is protobuf', async () => {
    const { calls, channel: app } = channel();
    const call = { ...callOf('POST', '/pay', {}, Buffer.from('x')), typeUrl: 'type.googleapis.com/bank.Payment' };
    await app.invoke(call, undefined);
    expect(calls[0]?.headers?.['content-type']).toBe('application/x-protobuf');
  });

  it('announces the length of a body that streams, where that is known', async () => {
    const { calls, channel: app } = channel();
    const body = (async function* () {})();
    await app.invoke({ ...callOf('POST', '/pay', {}, noBody), body, bodyBytes: 7 }, undefined);
    expect(calls[0]?.bodyBytes).toBe(7);
  });

  it.each([101, 204, 304])('gives an answer of status %d, which has no body, in one piece', async (status) => {
    const { channel: app } = channel({ status, headers: {} });
    expect((await app.invoke(callOf('GET', '/pay', {}, noBody), undefined)).body).toBe(noBody);
  });

  it('makes up no verb that access rules have not seen', async () => {
    const { calls, channel: app } = channel();
    await expect(app.invoke(callOf('', '/pay', {}, noBody), undefined)).rejects.toThrow('names no HTTP verb');
    expect(calls).toEqual([]);
  });
});
