import { strict as assert } from 'node:assert';
import { TestService, UnimplementedService } from '#proto/grpc/testing/test_pb.js';
import type { Channel } from '../client.ts';

const { emptyCall, unaryCall, streamingInputCall, streamingOutputCall, fullDuplexCall, unimplementedCall } =
  TestService.method;

const payload = (size: number) => ({ body: Buffer.alloc(size) });
const large = { responseSize: 314_159, payload: payload(271_828) };
const requestSizes = [27_182, 8, 1_828, 45_904];
const responseSizes = [31_415, 9, 2_653, 58_979];
const special = '\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n';

/** The cases of gRPC's interop client. Source: grpc/doc/interop-test-descriptions.md. */
export const interopCases: Readonly<Record<string, (channel: Channel) => Promise<void>>> = {
  async empty_unary(channel) {
    await channel.unary(emptyCall, {});
  },
  async large_unary(channel) {
    const answer = await channel.unary(unaryCall, large);
    assert.equal(answer.payload?.body.length, large.responseSize);
  },
  async compressed_unary(channel) {
    const answer = await channel.unary(unaryCall, large, { gzip: true });
    assert.equal(answer.payload?.body.length, large.responseSize);
  },
  async client_streaming(channel) {
    const answer = await channel.clientStream(streamingInputCall, inputs());
    assert.equal(answer.aggregatedPayloadSize, 74_922);
  },
  async server_streaming(channel) {
    const request = { responseParameters: responseSizes.map((size) => ({ size })) };
    assert.deepEqual(await sizes(channel.serverStream(streamingOutputCall, request)), responseSizes);
  },
  async ping_pong(channel) {
    let answered: (() => void) | undefined;
    const requests = async function* () {
      for (const [i, size] of responseSizes.entries()) {
        const next = new Promise<void>((resolve) => {
          answered = resolve;
        });
        yield { responseParameters: [{ size }], payload: payload(requestSizes[i]!) };
        await next;
      }
    };
    const seen: number[] = [];
    for await (const answer of channel.bidiStream(fullDuplexCall, requests())) {
      seen.push(answer.payload?.body.length ?? -1);
      answered?.();
    }
    assert.deepEqual(seen, responseSizes);
  },
  async empty_stream(channel) {
    assert.deepEqual(await sizes(channel.bidiStream(fullDuplexCall, none())), []);
  },
  async custom_metadata(channel) {
    const metadata = {
      'x-grpc-test-echo-initial': 'test_initial_metadata_value',
      'x-grpc-test-echo-trailing-bin': 'q6ur',
    };
    const { headers, trailers } = await channel.unaryResponse(unaryCall, large, { metadata });
    assert.equal(headers['x-grpc-test-echo-initial'], 'test_initial_metadata_value');
    assert.equal(String(trailers['x-grpc-test-echo-trailing-bin']).replace(/=+$/, ''), 'q6ur');
  },
  async status_code_and_message(channel) {
    const responseStatus = { code: 2, message: 'test status message' };
    await fails(channel.unary(unaryCall, { responseStatus }), 2, responseStatus.message);
    await fails(sizes(channel.bidiStream(fullDuplexCall, one({ responseStatus }))), 2, responseStatus.message);
  },
  async special_status_message(channel) {
    await fails(channel.unary(unaryCall, { responseStatus: { code: 2, message: special } }), 2, special);
  },
  async unimplemented_method(channel) {
    await fails(channel.unary(unimplementedCall, {}), 12);
  },
  async unimplemented_service(channel) {
    await fails(channel.unary(UnimplementedService.method.unimplementedCall, {}), 12);
  },
  async cancel_after_begin(channel) {
    const abort = new AbortController();
    const pending = channel.clientStream(streamingInputCall, silence(abort.signal), { signal: abort.signal });
    setImmediate(() => abort.abort());
    await fails(pending, 1);
  },
  async cancel_after_first_response(channel) {
    const abort = new AbortController();
    const requests = async function* () {
      yield { responseParameters: [{ size: 31_415 }], payload: payload(27_182) };
      yield* silence(abort.signal);
    };
    const answers = channel.bidiStream(fullDuplexCall, requests(), { signal: abort.signal });
    await fails(
      (async () => {
        for await (const _ of answers) abort.abort();
      })(),
      1,
    );
  },
  async timeout_on_sleeping_server(channel) {
    const requests = async function* () {
      yield { payload: payload(27_182), responseParameters: [{ size: 1, intervalUs: 1_000_000 }] };
    };
    await fails(sizes(channel.bidiStream(fullDuplexCall, requests(), { timeoutMs: 1 })), 4);
  },
};

async function* inputs() {
  for (const size of requestSizes) yield { payload: payload(size) };
}

async function* one<T>(item: T) {
  yield item;
}

async function* none(): AsyncGenerator<never> {}

/** Requests that never come. */
async function* silence(signal: AbortSignal): AsyncGenerator<never> {
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
}

async function sizes(answers: AsyncIterable<{ payload?: { body: Uint8Array } | undefined }>): Promise<number[]> {
  const all: number[] = [];
  for await (const { payload } of answers) all.push(payload?.body.length ?? -1);
  return all;
}

async function fails(call: Promise<unknown>, code: number, message?: string): Promise<void> {
  const thrown = (await call.then(
    () => ({ code: 0 }),
    (status: unknown) => status,
  )) as { code: number; message?: string };
  assert.equal(thrown.code, code);
  if (message !== undefined) assert.equal(thrown.message, message);
}
