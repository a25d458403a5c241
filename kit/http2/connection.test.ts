import { duplexPair } from 'node:stream';
import { describe, expect, it } from '#kit/testing/test.ts';
import { Http2Connection } from './connection.ts';
import { encodeHeaders } from './hpack-encoder.ts';
import type { Http2Options } from './options.ts';
import { errorCode } from './protocol.ts';
import type { Http2Stream, StreamSink } from './stream.ts';

const limits = { maxHeaderBytes: 16_384, maxStreams: 2, streamWindow: 65_536, connectionWindow: 131_072 };
const request = encodeHeaders({ ':method': 'POST', ':path': '/', ':scheme': 'http' });
const answer = encodeHeaders({ ':status': 200 });
const trailers = encodeHeaders({ end: 'well' });

/** Two ends of one connection. */
function connected(accept: NonNullable<Http2Options['accept']>) {
  const [near, far] = duplexPair();
  const ended: (Error | undefined)[] = [];
  const closed = (error: Error | undefined): void => void ended.push(error);
  const client = new Http2Connection(near, { ...limits, closed });
  const server = new Http2Connection(far, { ...limits, accept, closed });
  near.on('data', (chunk: Buffer) => client.read(chunk));
  let skip = 24;
  far.on('data', (chunk: Buffer) => {
    const skipped = Math.min(skip, chunk.length);
    skip -= skipped;
    server.read(chunk.subarray(skipped));
  });
  return { client, server, ended };
}

/** A sink that remembers; `over` resolves with the code at the stream's end. */
function remembering() {
  const seen = { bytes: 0, headers: [] as object[], ended: false, drained: 0 };
  let finish!: (code: number) => void;
  const over = new Promise<number>((resolve) => {
    finish = resolve;
  });
  const sink: StreamSink = {
    moreHeaders: (headers) => void seen.headers.push(headers),
    data: (chunk) => {
      seen.bytes += chunk.length;
    },
    end: () => {
      seen.ended = true;
    },
    drained: () => {
      seen.drained++;
    },
    closed: finish,
  };
  return { seen, sink, over };
}

const pong = (connection: Http2Connection) => new Promise<void>((resolve) => connection.ping(resolve));

describe('an HTTP/2 connection', () => {
  it('lets a message leave as it ends where no other stream is open, else with those of the others', async () => {
    const [near, far] = duplexPair();
    const writes: number[] = [];
    far.on('data', (chunk: Buffer) => void writes.push(chunk.length));
    const client = new Http2Connection(near, { ...limits, closed: () => {} });
    await new Promise(setImmediate);
    writes.length = 0;
    const alone = client.request(request, remembering().sink, false);
    alone.sendLast(Buffer.alloc(10));
    await new Promise(process.nextTick);
    expect(writes).toHaveLength(1);
    for (let i = 0; i < 3; i++) client.request(request, remembering().sink, true);
    await new Promise(setImmediate);
    expect(writes).toHaveLength(2);
  });

  it('carries requests and answers of any size within small windows', async () => {
    const { client } = connected((stream) => {
      let size = 0;
      stream.sink = {
        ...remembering().sink,
        data: (chunk) => {
          size += chunk.length;
        },
        end() {
          stream.headers(answer);
          stream.send(Buffer.alloc(size, 1));
          stream.end(trailers);
        },
      };
    });
    for (const size of [0, 1, 16_384, 65_537, 1_000_000]) {
      const { seen, sink, over } = remembering();
      const stream = client.request(request, sink, false);
      stream.send(Buffer.alloc(size));
      stream.end();
      expect(await over).toBe(errorCode.noError);
      expect(seen).toMatchObject({ bytes: size, headers: [{ ':status': '200' }, { end: 'well' }], ended: true });
    }
  });

  it('keeps what a paused reader has not read within the window, and lets others through', async () => {
    const streams: Http2Stream[] = [];
    const { client } = connected((stream) => {
      streams.push(stream);
      stream.sink = remembering().sink;
      stream.headers(answer);
      stream.send(Buffer.alloc(1_000_000));
      stream.end(trailers);
    });
    const slow = remembering();
    const paused = client.request(request, slow.sink, true);
    paused.pause();
    const quick = remembering();
    client.request(request, quick.sink, true);
    expect([await quick.over, quick.seen.bytes]).toEqual([errorCode.noError, 1_000_000]);
    expect(slow.seen.bytes).toBe(0);
    expect(streams[0]!.sendWindow).toBe(0);
    paused.resume();
    expect([await slow.over, slow.seen.bytes]).toEqual([errorCode.noError, 1_000_000]);
  });

  it('tells a sender to wait, and when to go on', async () => {
    const { client } = connected((stream) => {
      stream.sink = remembering().sink;
      stream.pause();
      setImmediate(() => stream.resume());
    });
    const { seen, sink } = remembering();
    const stream = client.request(request, sink, false);
    expect(stream.send(Buffer.alloc(100_000))).toBe(false);
    while (seen.drained === 0) await pong(client);
    expect(stream.send(Buffer.alloc(10))).toBe(true);
  });

  it('refuses more streams than it serves', async () => {
    const { client } = connected((stream) => {
      stream.sink = remembering().sink;
    });
    for (let i = 0; i < limits.maxStreams; i++) client.request(request, remembering().sink, true);
    const third = remembering();
    client.request(request, third.sink, true);
    expect(await third.over).toBe(errorCode.refusedStream);
  });

  it('lets streams under way finish when it goes, and takes no more', async () => {
    const streams: Http2Stream[] = [];
    const { client, server, ended } = connected((stream) => {
      stream.sink = remembering().sink;
      streams.push(stream);
    });
    const first = remembering();
    client.request(request, first.sink, true);
    await pong(client);
    server.goAway();
    const late = remembering();
    client.request(request, late.sink, true);
    expect(await late.over).toBe(errorCode.refusedStream);
    expect([client.open, ended]).toEqual([false, []]);
    streams[0]!.headers(answer, true);
    expect(await first.over).toBe(errorCode.noError);
    expect(ended).toEqual([undefined, undefined]);
  });

  it('tells both ends of a reset, and serves the next stream', async () => {
    const told: Promise<number>[] = [];
    const { client } = connected((stream) => {
      const { sink, over } = remembering();
      stream.sink = sink;
      told.push(over);
      if (told.length === 2) stream.headers(answer, true);
    });
    const first = remembering();
    const stream = client.request(request, first.sink, false);
    stream.reset(errorCode.cancel);
    expect(await first.over).toBe(errorCode.cancel);
    const second = remembering();
    client.request(request, second.sink, true);
    expect([await second.over, await told[0]]).toEqual([errorCode.noError, errorCode.cancel]);
  });
});
