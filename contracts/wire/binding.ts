import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { fault } from '#kit/errors/fault.ts';
import { grpcCode } from '#kit/errors/table.ts';
import type { CallContext } from '#kit/grpc/call.ts';
import { type Implementation, implement } from '#kit/grpc/service.ts';
import { StatusError } from '#kit/grpc/status.ts';
import type { Transport } from '#kit/grpc/transport.ts';
import {
  InputBinding,
  OutputBinding,
  type ReadRequest,
  type ReadRequestSchema,
  type ReadResponse,
  ReadResponseSchema,
} from '#proto/dapr/proto/components/v1/bindings_pb.js';
import type { Binding, EventHandler } from '../binding.ts';
import type { Instances } from '../instances.ts';
import type { AttachOptions } from './attach.ts';
import { keepOpen, outgoing } from './stream.ts';

/** The binding services of components.v1; a binding of one direction answers `unimplemented` in the other. */
export function serve(instances: Instances<Binding>): Implementation[] {
  const both = {
    async init(request: { metadata?: { properties: Record<string, string> } | undefined }, context: CallContext) {
      await instances.init(request.metadata?.properties ?? {}, context);
      return {};
    },
    async ping(_: unknown, context: CallContext) {
      await instances.of(context).ping?.(context.signal);
      return {};
    },
  };
  return [
    implement(InputBinding, {
      ...both,
      read: (requests, context) => read(instances.of(context), requests, context.signal),
    }),
    implement(OutputBinding, {
      ...both,
      listOperations: async (_, context) => ({ operations: [...(instances.of(context).operations ?? [])] }),
      async invoke(request, context) {
        const object = instances.of(context);
        if (!object.invoke) throw fault('unimplemented', 'this binding is no output binding');
        const { data = new Uint8Array(), metadata, contentType = '' } = await object.invoke(request, context.signal);
        return { data, metadata: { ...metadata }, contentType };
      },
    }),
  ];
}

/** Events out, the app's replies in. */
async function* read(
  object: Binding,
  replies: AsyncIterable<ReadRequest>,
  callSignal: AbortSignal,
): AsyncGenerator<ReadResponse> {
  if (!object.read) throw fault('unimplemented', 'this binding is no input binding');
  const ended = new AbortController();
  const signal = AbortSignal.any([callSignal, ended.signal]);
  const events = outgoing<ReadResponse>();
  signal.addEventListener('abort', () => events.end(), { once: true });
  const unsettled = new Map<string, PromiseWithResolvers<Uint8Array | undefined>>();
  let count = 0;
  const handler: EventHandler = ({ data, metadata, contentType = '' }) => {
    const messageId = String(count++);
    const settled = Promise.withResolvers<Uint8Array | undefined>();
    unsettled.set(messageId, settled);
    events.push(create(ReadResponseSchema, { messageId, data, contentType, metadata: { ...metadata } }));
    return settled.promise;
  };
  const settle = async () => {
    for await (const { messageId, responseData, responseError } of replies) {
      const settled = unsettled.get(messageId);
      unsettled.delete(messageId);
      if (responseError) settled?.reject(new Error(responseError.message));
      else settled?.resolve(responseData.length > 0 ? responseData : undefined);
    }
  };
  try {
    await object.read(handler, signal);
    settle().then(
      () => ended.abort(),
      () => ended.abort(),
    );
    yield* events;
  } finally {
    ended.abort();
    for (const { promise, reject } of unsettled.values()) {
      promise.catch(() => {});
      reject(new Error('reading ended before the event was answered'));
    }
  }
}

/** Which services the component behind the transport offers; discovery knows from reflection. */
export type BindingDirections = { input: boolean; output: boolean };

/** Initialises the binding behind a transport, in each of its directions, and returns it as an object. */
export async function attach(
  transport: Transport,
  { properties, log, signal, input = true, output = true }: AttachOptions & Partial<BindingDirections>,
): Promise<Binding> {
  const init = { metadata: { properties: { ...properties } } };
  const hasInput = input && (await offers(transport.unary(InputBinding.method.init, init, { signal })));
  const hasOutput = output && (await offers(transport.unary(OutputBinding.method.init, init, { signal })));
  if (!hasInput && !hasOutput)
    throw fault('invalid-config', 'the component offers neither an input nor an output binding');
  const binding: Binding = {
    async ping(signal) {
      const service = hasOutput ? OutputBinding : InputBinding;
      await transport.unary(service.method.ping, {}, { signal });
    },
    async [Symbol.asyncDispose]() {},
  };
  if (hasInput) {
    Object.assign(binding, {
      async read(handler, signal) {
        void keepOpen('the stream of events', (alive) => readOnce(transport, handler, signal, alive), { signal, log });
      },
    } satisfies Pick<Binding, 'read'>);
  }
  if (hasOutput) {
    const { operations } = await transport.unary(OutputBinding.method.listOperations, {}, { signal });
    Object.assign(binding, {
      operations,
      async invoke({ data, operation, metadata }, signal) {
        const request = { data, operation, metadata: { ...metadata } };
        const response = await transport.unary(OutputBinding.method.invoke, request, { signal });
        return { ...response, contentType: response.contentType || undefined };
      },
    } satisfies Pick<Binding, 'operations' | 'invoke'>);
  }
  return binding;
}

/** Whether a service is there; a binding of one direction lacks the other's. */
async function offers(init: Promise<unknown>): Promise<boolean> {
  try {
    await init;
    return true;
  } catch (error) {
    if (error instanceof StatusError && error.code === grpcCode.UNIMPLEMENTED) return false;
    throw error;
  }
}

async function readOnce(
  transport: Transport,
  handler: EventHandler,
  signal: AbortSignal,
  alive: () => void,
): Promise<void> {
  const replies = outgoing<MessageInitShape<typeof ReadRequestSchema>>();
  const handle = async ({ messageId, data, contentType, metadata }: ReadResponse) => {
    try {
      const responseData = await handler({ data, contentType: contentType || undefined, metadata }, signal);
      replies.push({ messageId, ...(responseData && { responseData }) });
    } catch (error) {
      if (signal.aborted) return;
      const message = error instanceof Error ? error.message : String(error);
      replies.push({ messageId, responseError: { message } });
    }
  };
  try {
    for await (const event of transport.bidiStream(InputBinding.method.read, replies, { signal })) {
      alive();
      void handle(event);
    }
  } finally {
    replies.end();
  }
}
