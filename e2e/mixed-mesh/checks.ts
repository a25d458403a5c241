import { strict as assert } from 'node:assert';
import { grpcCode } from '#kit/errors/table.ts';
import { connect } from '#kit/grpc/client.ts';
import { interopCases } from '#kit/grpc/testing/interop-cases.ts';
import { HTTPExtension_Verb } from '#proto/dapr/proto/common/v1/common_pb.js';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import type { Mesh } from './mesh.ts';

type Check = (mesh: Mesh) => Promise<void>;

/** What is asked of a mesh, by what it shows. Each throws what is wrong. */
export const checks: Readonly<Record<string, Check>> = {
  'HTTP: verb, path, query, headers and trace': async (mesh) => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const { status, head } = await call(mesh, 'pay/now?a=1&b=%20', {
      method: 'PATCH',
      headers: { 'x-own': 'y', traceparent },
      body: 'x',
    });
    assert.equal(status, 200);
    assert.equal(head.line, 'PATCH /pay/now?a=1&b=%20');
    assert.deepEqual([head['x-own'], head['dapr-caller-app-id']], ['y', 'shop']);
    assert.match(String(head['traceparent']), /^00-a{32}-(?!b{16})/);
  },
  'HTTP: bodies of known length, up to 3 MB': async (mesh) => {
    for (const size of [0, 1, 2_048, 65_536, 3_000_000]) {
      const body = Buffer.alloc(size, 'x');
      const { status, text } = await call(mesh, 'echo', { method: 'POST', body });
      assert.deepEqual([status, text.length], [200, size]);
    }
  },
  'HTTP: bodies that stream': async (mesh) => {
    const body = new Blob([Buffer.alloc(2_000_000, 'x')]).stream();
    const { status, text } = await call(mesh, 'echo', { method: 'POST', body, duplex: 'half' } as RequestInit);
    assert.deepEqual([status, text.length], [200, 2_000_000]);
  },
  'HTTP: what the app answers, whatever its status': async (mesh) => {
    for (const wanted of [204, 302, 404, 409, 500, 502]) {
      assert.equal((await call(mesh, `status/${wanted}`, { redirect: 'manual' })).status, wanted);
    }
  },
  'HTTP: what access rules deny, however it is written': async (mesh) => {
    for (const way of ['secret', '%73ecret', 'a/../secret', 'a%2f..%2fsecret', '//secret']) {
      const { status, text } = await call(mesh, way);
      assert.deepEqual([way, status], [way, 403]);
      assert.match(text, /ERR_DIRECT_INVOKE/);
    }
  },
  'HTTP: an app that speaks gRPC': async (mesh) => {
    const url = `http://${mesh.http}/v1.0/invoke/vault/method`;
    const answer = await fetch(`${url}/open`, { method: 'POST', body: 'key' });
    assert.deepEqual([answer.status, await answer.text()], [200, 'open key']);
    assert.equal((await fetch(`${url}/fail`, { method: 'POST' })).status, 400);
  },
  'InvokeService: an app that speaks HTTP': async (mesh) => {
    const answer = await invokeService(mesh, 'till', 'pay', 'coins');
    assert.equal(answer, 'coins');
    await assert.rejects(invokeService(mesh, 'till', 'status/404', ''), { code: grpcCode.NOT_FOUND });
  },
  'InvokeService: an app that speaks gRPC, and its status': async (mesh) => {
    assert.equal(await invokeService(mesh, 'vault', 'open', 'key'), 'open key');
    const failing = invokeService(mesh, 'vault', 'fail', '');
    await assert.rejects(failing, { code: grpcCode.FAILED_PRECONDITION, message: 'not yet' });
  },
  ...Object.fromEntries(
    [
      'empty_unary',
      'large_unary',
      'compressed_unary',
      'client_streaming',
      'server_streaming',
      'ping_pong',
      'empty_stream',
    ].map((name) => [
      `gRPC proxy: ${name} of gRPC's interop client`,
      (mesh: Mesh) => proxied(mesh, interopCases[name]!),
    ]),
  ),
  'gRPC proxy: metadata and statuses of the app': async (mesh) => {
    for (const name of ['custom_metadata', 'status_code_and_message', 'special_status_message', 'unimplemented_method'])
      await proxied(mesh, interopCases[name]!);
  },
};

async function call({ http }: Mesh, method: string, init: RequestInit = {}) {
  const answer = await fetch(`http://${http}/v1.0/invoke/till/method/${method}`, init);
  const text = await answer.text();
  const head = JSON.parse(answer.headers.get('x-head') ?? '{}') as Record<string, string | undefined>;
  return { status: answer.status, text, head };
}

async function invokeService({ grpc }: Mesh, id: string, method: string, text: string): Promise<string> {
  await using channel = connect({ target: grpc });
  const data = { typeUrl: '', value: Buffer.from(text) };
  const httpExtension = { verb: HTTPExtension_Verb.POST, querystring: '' };
  const message = { method, data, contentType: 'text/plain', httpExtension };
  const answer = await channel.unary(Dapr.method.invokeService, { id, message });
  return String(Buffer.from(answer.data?.value ?? []));
}

async function proxied({ grpc }: Mesh, interop: (typeof interopCases)[string]): Promise<void> {
  await using channel = connect({ target: grpc, metadata: { 'dapr-app-id': 'vault' } });
  await interop(channel);
}
