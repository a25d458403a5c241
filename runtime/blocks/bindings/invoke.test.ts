import type { Binding, InvokeRequest } from '#contracts/binding.ts';
import { createTracing } from '#kit/telemetry/tracing/tracing.ts';
import { expect, it } from '#kit/testing/test.ts';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { createRegistry } from '../../registry.ts';
import { componentStage } from '../../stages/component.ts';
import { type RestForm, throughBothDoors } from '../../testing/doors.ts';
import { invokeBinding } from './invoke.ts';
import { bindingKind } from './kind.ts';

function withBinding(metadata: Record<string, string> = {}) {
  const calls: InvokeRequest[] = [];
  const binding: Binding = {
    operations: ['create', 'get'],
    async invoke(request) {
      calls.push(request);
      if (request.operation === 'get') throw new Error('nothing there');
      return { data: request.data, metadata: { etag: '1' } };
    },
    async [Symbol.asyncDispose]() {},
  };
  const registry = createRegistry();
  const bound = bindingKind.bind(binding, {
    appId: 'shop',
    namespace: '',
    name: 'files',
    metadata,
    secretNames: {},
    namespaced: false,
  });
  registry.add({
    name: 'files',
    type: 'bindings.x',
    version: 'v1',
    kind: bindingKind,
    component: bound,
    guard: undefined,
    observe: undefined,
    close: async () => {},
  });
  return {
    calls,
    under: { operations: [invokeBinding(createTracing({ ratio: 0 }))], stages: [componentStage(registry, 'shop')] },
  };
}

const form: RestForm<typeof Dapr.method.invokeBinding> = {
  send: ({ name, operation, metadata, data }) => ({
    method: 'POST',
    url: `/v1.0/bindings/${name}`,
    body: Buffer.from(
      `{"operation":${JSON.stringify(operation)},"metadata":${JSON.stringify(metadata)},"data":${Buffer.from(data)}}`,
    ),
  }),
  read: ({ body, headers }) => ({ data: body as Uint8Array, metadata: { etag: String(headers?.['metadata.etag']) } }),
};

throughBothDoors('invoking a binding', (connect) => {
  const request = {
    name: 'files',
    operation: 'create',
    data: Buffer.from('{"n": 9007199254740993}'),
    metadata: { a: 'b' },
  };

  it('passes data byte for byte, with metadata both ways', async () => {
    const { calls, under } = withBinding();
    const answer = await connect(under).call(Dapr.method.invokeBinding, request, form);
    expect(Buffer.from(calls[0]!.data).toString()).toBe('{"n": 9007199254740993}');
    expect(calls[0]?.metadata).toMatchObject({ a: 'b' });
    expect([Buffer.from(answer.data).toString(), answer.metadata]).toEqual(['{"n": 9007199254740993}', { etag: '1' }]);
  });

  it('gives the binding a trace where nobody traces', async () => {
    const { calls, under } = withBinding();
    await connect(under).call(Dapr.method.invokeBinding, request, form);
    expect(calls[0]?.metadata?.['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  });

  it.each([
    ['other', 'create', "couldn't find output binding other"],
    ['files', '', 'operation field is missing from request'],
    ['files', 'fly', 'binding files does not support operation fly. supported operations:create get'],
    ['files', 'get', 'nothing there'],
  ])('says why %s cannot do %p', async (name, operation, why) => {
    const client = connect(withBinding().under);
    const call = client.call(Dapr.method.invokeBinding, { ...request, name, operation }, form);
    await client.fails(call, 'binding-invoke', `error invoking output binding ${name}: ${why}`);
  });

  it('does not call a binding whose direction is input', async () => {
    const client = connect(withBinding({ direction: 'input' }).under);
    await client.fails(
      client.call(Dapr.method.invokeBinding, request, form),
      'binding-invoke',
      /couldn't find output binding files/,
    );
  });
});
