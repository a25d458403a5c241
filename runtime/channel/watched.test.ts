import { describe, expect, it } from '#kit/testing/test.ts';
import { type InvokeAnswer, type InvokeCall, noAnswer } from '../invoke/message.ts';
import type { AppChannel } from './channel.ts';
import { type ChannelCall, watchedChannel } from './watched.ts';

const call: InvokeCall = {
  ...{ method: 'orders', verb: 'POST', query: '', contentType: '', typeUrl: '', headers: {}, from: 'http' },
  body: Buffer.from('four'),
};

function watched(invoke: AppChannel['invoke']) {
  const calls: ChannelCall[] = [];
  const probes: number[] = [];
  const channel: AppChannel = {
    protocol: 'http',
    invoke,
    probe: async () => ({ healthy: false, reason: 'no', status: 503 }),
    [Symbol.asyncDispose]: async () => {},
  };
  const watch = {
    called: (one: ChannelCall) => void calls.push(one),
    probed: (code: number) => void probes.push(code),
  };
  return { channel: watchedChannel(channel, watch), calls, probes };
}

describe('a watched channel', () => {
  it('tells what the app answered, and how much', async () => {
    const answer: InvokeAnswer = { ...noAnswer, status: 201, body: Buffer.from('seven..') };
    const { channel, calls } = watched(async () => answer);
    expect(await channel.invoke(call, undefined)).toBe(answer);
    expect(calls).toMatchObject([{ verb: 'POST', path: '/orders', status: 201, requestBytes: 4, responseBytes: 7 }]);
  });

  it('counts a call without an answer as status 500', async () => {
    const { channel, calls } = watched(() => Promise.reject(new Error('refused')));
    await expect(channel.invoke(call, undefined)).rejects.toThrow('refused');
    expect(calls).toMatchObject([{ status: 500, responseBytes: 0 }]);
  });

  it('tells of health probes', async () => {
    const { channel, probes } = watched(async () => noAnswer);
    await channel.probe('/healthz', 100);
    expect(probes).toEqual([503]);
  });
});
