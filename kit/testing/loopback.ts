import {
  create,
  type DescMessage,
  type DescMethod,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { toFault } from '#kit/errors/fault.ts';
import { faults, grpcCode } from '#kit/errors/table.ts';
import type { CallContext } from '#kit/grpc/call.ts';
import type { Implementation } from '#kit/grpc/service.ts';
import { StatusError } from '#kit/grpc/status.ts';
import type { CallOptions, Transport } from '#kit/grpc/transport.ts';

/** A transport straight to handlers in this process. Messages pass as bytes, so that only what the wire carries arrives. */
export function loopback(implementations: readonly Implementation[]): Transport {
  const handlerOf = (method: DescMethod) => {
    const found = implementations.find((one) => one.service.typeName === method.parent.typeName);
    const handler = found?.handlers[method.localName];
    if (!handler)
      throw new StatusError(grpcCode.UNIMPLEMENTED, `no handler of ${method.parent.typeName}/${method.name}`);
    return handler as unknown as (request: unknown, context: CallContext) => unknown;
  };
  const call = (method: DescMethod, request: unknown, options: CallOptions = {}) =>
    handlerOf(method)(request, {
      signal: options.signal ?? new AbortController().signal,
      metadata: options.metadata ?? {},
    });
  return {
    async unary(method, request, options) {
      const answer = call(method, overWire(method.input, request), options) as Promise<never>;
      return overWire(method.output, await translated(answer));
    },
    async *serverStream(method, request, options) {
      yield* eachOverWire(method.output, () => call(method, overWire(method.input, request), options));
    },
    async clientStream(method, requests, options) {
      const answer = call(
        method,
        eachOverWire(method.input, () => requests),
        options,
      ) as Promise<never>;
      return overWire(method.output, await translated(answer));
    },
    async *bidiStream(method, requests, options) {
      const inputs = eachOverWire(method.input, () => requests);
      yield* eachOverWire(method.output, () => call(method, inputs, options));
    },
    async [Symbol.asyncDispose]() {},
  };
}

function overWire<S extends DescMessage>(schema: S, message: MessageInitShape<S>): MessageShape<S> {
  return fromBinary(schema, toBinary(schema, create(schema, message)));
}

async function* eachOverWire<S extends DescMessage>(schema: S, open: () => unknown): AsyncGenerator<MessageShape<S>> {
  try {
    for await (const message of open() as AsyncIterable<MessageInitShape<S>>) yield overWire(schema, message);
  } catch (error) {
    throw asStatus(error);
  }
}

async function translated<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw asStatus(error);
  }
}

function asStatus(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  const { key, message } = toFault(error);
  return new StatusError(faults[key].grpc, message, [], error);
}
