import { grpcCode } from '#kit/errors/table.ts';
import { isUnseen } from '#kit/errors/unseen.ts';
import { createGrpcServer } from '#kit/grpc/server.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { createDirectServer } from './direct-server.ts';
import { createInternalServer } from './internal-server.ts';
import { collect, type InvokeCall, noAnswer, noBody } from './message.ts';
import { createPeers } from './peers.ts';

const call: InvokeCall = {
  ...{ method: 'who', verb: 'GET', query: '', contentType: '', typeUrl: '', headers: {}, from: 'http', body: noBody },
};

/** A sidecar whose app answers its name and the form in which it was called; `direct` serves both forms. */
async function sidecar(name: string, { direct = true, port = 0, called = async (): Promise<void> => {} } = {}) {
  const app = (form: string) => ({
    app: () => async () => {
      await called();
      return { ...noAnswer, status: 200, body: Buffer.from(`${name} ${form}`) };
    },
  });
  const server = await createGrpcServer({
    services: [createInternalServer(app('internals'))],
    log: silentLogger,
    ...(direct && { plain: createDirectServer(app('direct')) }),
  });
  const bound = await server.listen('127.0.0.1', port);
  return {
    port: bound,
    address: `127.0.0.1:${bound}`,
    drain: () => server.drain(10_000),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function caller(addresses: () => readonly string[]) {
  const clock = { now: 0 };
  const names = { resolve: async () => addresses(), async [Symbol.asyncDispose]() {} };
  const peers = createPeers({ names, port: 1, tls: undefined, maxReceiveBytes: 4_000_000, now: () => clock.now });
  const ask = async (verb = 'GET') => {
    const peer = await peers.connect({ appId: 'shop', namespace: 'default' });
    return String(await collect((await peer.invoke({ ...call, verb }, undefined)).body));
  };
  return { clock, ask, [Symbol.asyncDispose]: () => peers[Symbol.asyncDispose]() };
}

const unreachable = { code: grpcCode.UNAVAILABLE };

describe('the sidecars of an app', () => {
  it('are called in the cheaper form where they say that they serve it, and the call has a verb', async () => {
    await using a = await sidecar('a');
    await using from = caller(() => [a.address]);
    expect(await from.ask()).toBe('a direct');
    expect(await from.ask('')).toBe('a internals');
  });

  it('are called by internals.v1 where they serve nothing else', async () => {
    await using a = await sidecar('a', { direct: false });
    await using from = caller(() => [a.address]);
    for (let i = 0; i < 20; i++) expect(await from.ask()).toBe('a internals');
  });

  it('take turns, less the one that cannot be reached, which is tried again later', async () => {
    await using a = await sidecar('a');
    const b = await sidecar('b');
    await using from = caller(() => [a.address, b.address]);
    const asked = async (times: number) => {
      const all: string[] = [];
      for (let i = 0; i < times; i++) all.push((await from.ask().catch(() => 'nobody')).split(' ')[0]!);
      return all;
    };
    expect((await asked(4)).sort()).toEqual(['a', 'a', 'b', 'b']);
    await b[Symbol.asyncDispose]();
    const after = await asked(10);
    expect(after.filter((name) => name === 'nobody').length).toBeLessThanOrEqual(1);
    expect(await asked(6)).toEqual(['a', 'a', 'a', 'a', 'a', 'a']);

    await using _back = await sidecar('b', { port: b.port });
    await eventually(async () => {
      from.clock.now += 60_000;
      expect(new Set(await asked(4))).toEqual(new Set(['a', 'b']));
    });
  });

  it('are found anew where the app moves', async () => {
    await using a = await sidecar('a');
    await using b = await sidecar('b');
    let at = [a.address];
    await using from = caller(() => at);
    expect(await from.ask()).toMatch(/^a/);
    at = [b.address];
    expect(await from.ask()).toMatch(/^b/);
  });

  it('lose no call that reaches one while it stops', async () => {
    await using a = await sidecar('a');
    await using from = caller(() => [a.address]);
    await eventually(async () => expect(await from.ask()).toBe('a direct'));
    const drained = a.drain();
    // The connection is told of the end as this call is sent: it is not served there, and there is no other sidecar.
    await expect(from.ask()).rejects.toMatchObject(unreachable);
    await drained;
  });

  it.each([true, false])('say of a lost call whether the app may have got it, directly: %s', async (direct) => {
    let hang = false;
    const arrived = Promise.withResolvers<void>();
    const called = async () => {
      if (!hang) return;
      arrived.resolve();
      await new Promise(() => {});
    };
    const a = await sidecar('a', { direct, called });
    await using from = caller(() => [a.address]);
    await eventually(async () => expect(await from.ask()).toBe(direct ? 'a direct' : 'a internals'));
    hang = true;
    const lost = from.ask('POST').catch((thrown) => thrown);
    await arrived.promise;
    await a[Symbol.asyncDispose]();
    expect(await lost).toMatchObject(unreachable);
    expect(isUnseen(await lost)).toBe(false);
    await eventually(async () => expect(await from.ask('POST').catch(isUnseen)).toBe(true));
  });

  it('are no longer called in the cheaper form when another kind of sidecar takes the address', async () => {
    const a = await sidecar('a');
    await using from = caller(() => [a.address]);
    await eventually(async () => expect(await from.ask()).toBe('a direct'));
    await a[Symbol.asyncDispose]();
    await using _b = await sidecar('b', { direct: false, port: a.port });
    await eventually(async () => expect(await from.ask()).toBe('b internals'));
  });
});
