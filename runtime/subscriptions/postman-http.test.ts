import fc from 'fast-check';
import { describe, expect, it } from '#kit/testing/test.ts';
import type { AppChannel } from '../channel/channel.ts';
import { type InvokeCall, noAnswer } from '../invoke/message.ts';
import { type BulkLetter, type Letter, NotTaken } from './postman.ts';
import { httpPostman } from './postman-http.ts';

const signal = new AbortController().signal;

function appThatAnswers(status: number, body: string) {
  const calls: InvokeCall[] = [];
  const channel = {
    protocol: 'http',
    async invoke(call: InvokeCall) {
      calls.push(call);
      return { ...noAnswer, status, body: Buffer.from(body) };
    },
  } as unknown as AppChannel;
  return { calls, postman: httpPostman(() => channel) };
}

const letter: Letter = {
  pubsubName: 'broker',
  topic: 'orders',
  path: '/orders',
  event: { id: '1', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
  data: Buffer.from('{"id":"1"}'),
  metadata: { pubsubName: 'broker', 'bad name': 'x', ok: 'v', broken: 'a\nb' },
};

describe('the postman of HTTP apps', () => {
  it('posts the very bytes as a CloudEvent, with metadata and trace as headers', async () => {
    const { calls, postman } = appThatAnswers(200, '');
    await postman.deliver(letter, signal);
    expect(calls[0]).toMatchObject({
      method: 'orders',
      verb: 'POST',
      contentType: 'application/cloudevents+json',
      body: letter.data,
    });
    expect(calls[0]?.headers).toEqual({ pubsubname: 'broker', ok: 'v' });
    expect(calls[0]?.exact).toEqual({ traceparent: letter.event['traceparent'] });
  });

  it('says by zeros that an event belongs to no trace', async () => {
    const { calls, postman } = appThatAnswers(200, '');
    await postman.deliver({ ...letter, event: { id: '1', traceid: '', traceparent: '' } }, signal);
    expect(calls[0]?.exact).toEqual({ traceparent: '00-00000000000000000000000000000000-0000000000000000-00' });
  });

  it.each([
    [200, '', 'ack'],
    [204, 'not json', 'ack'],
    [200, '{"status":"SUCCESS"}', 'ack'],
    [200, '{"status":""}', 'ack'],
    [200, '{"status":"DROP"}', 'drop'],
    [404, 'nothing here', 'drop'],
  ])('takes %d %p for %s', async (status, body, verdict) => {
    expect(await appThatAnswers(status, body).postman.deliver(letter, signal)).toBe(verdict);
  });

  it.each([
    [200, '{"status":"RETRY"}'],
    [200, '{"status":"WHAT"}'],
    [500, 'oops'],
    [403, ''],
  ])('has the message come again on %d %p', async (status, body) => {
    await expect(appThatAnswers(status, body).postman.deliver(letter, signal)).rejects.toMatchObject({
      name: 'NotTaken',
    });
  });

  const bulk: BulkLetter = {
    ...letter,
    raw: false,
    metadata: {},
    entries: ['a', 'b', 'c'].map((entryId) => ({
      ...letter,
      entryId,
      contentType: 'application/cloudevents+json',
      metadata: {},
    })),
  };

  it('posts a bulk and reads the verdict on each entry', async () => {
    const statuses = [
      { entryId: 'a', status: 'SUCCESS' },
      { entryId: 'b', status: 'DROP' },
      { entryId: 'c', status: '?' },
    ];
    const { calls, postman } = appThatAnswers(200, JSON.stringify({ statuses }));
    expect([...(await postman.deliverBulk(bulk, signal))]).toEqual([
      ['a', 'ack'],
      ['b', 'drop'],
      ['c', 'retry'],
    ]);
    expect(calls[0]?.exact).toEqual({ traceparent: letter.event['traceparent'] });
    expect(JSON.parse(String(calls[0]?.body))).toMatchObject({
      pubsubname: 'broker',
      topic: 'orders',
      type: 'com.dapr.event.sent.bulk',
      entries: [{ entryId: 'a', event: { id: '1' } }, { entryId: 'b' }, { entryId: 'c' }],
    });
  });

  it('reads answers whatever the case of their names', async () => {
    const one = appThatAnswers(200, '{"Status":"DROP"}');
    expect(await one.postman.deliver(letter, signal)).toBe('drop');
    const many = appThatAnswers(200, '{"Statuses":[{"entryID":"a","STATUS":"SUCCESS"}]}');
    expect([...(await many.postman.deliverBulk(bulk, signal))]).toEqual([['a', 'ack']]);
  });

  it('fails a bulk whose answer cannot be read', async () => {
    await expect(appThatAnswers(200, '').postman.deliverBulk(bulk, signal)).rejects.toThrow('failed unmarshalling');
  });

  it('comes to a verdict on every answer, or says that the message was not taken', async () => {
    const answer = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((value) => `{"status":${value}}`),
    );
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 200, max: 599 }), answer, async (status, body) => {
        const verdict = await appThatAnswers(status, body)
          .postman.deliver(letter, signal)
          .catch((thrown: unknown) => thrown);
        expect(verdict === 'ack' || verdict === 'drop' || verdict instanceof NotTaken).toBe(true);
      }),
    );
  });

  it('comes to verdicts on every answer to a bulk, or says that it was not taken', async () => {
    const entries = [{ entryId: 'a', event: { id: '1' }, data: letter.data, contentType: '', metadata: {} }];
    const bulk: BulkLetter = {
      pubsubName: 'broker',
      topic: 'orders',
      path: '/bulk',
      raw: false,
      metadata: {},
      entries,
    };
    const answer = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((value) => `{"statuses":[${value}]}`),
    );
    await fc.assert(
      fc.asyncProperty(answer, async (body) => {
        const verdicts = await appThatAnswers(200, body)
          .postman.deliverBulk(bulk, signal)
          .catch((thrown: unknown) => thrown);
        expect(verdicts instanceof Map || verdicts instanceof NotTaken).toBe(true);
      }),
    );
  });
});
