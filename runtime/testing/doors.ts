import {
  create,
  createRegistry,
  type DescMethodUnary,
  fromBinary,
  fromJsonString,
  type MessageInitShape,
  type MessageShape,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { file_google_protobuf_wrappers } from '@bufbuild/protobuf/wkt';
import { toFault } from '#kit/errors/fault.ts';
import { type FaultKey, faults } from '#kit/errors/table.ts';
import { describe, expect } from '#kit/testing/test.ts';
import type { Operation } from '../blocks/operation.ts';
import type { RestReply } from '../blocks/rest.ts';
import type { Stage } from '../chain.ts';
import { createGrpcDoor } from '../doors/grpc/door.ts';
import { createHttpDoor } from '../doors/http/door.ts';
import type { Page } from '../doors/http/page.ts';

/** An HTTP request of a test; a body that is not a Buffer is sent as JSON. */
export type Sent = { method: string; url: string; body?: unknown; headers?: Record<string, string> };

/** How a test's message is sent over HTTP and its answer read: the way back of a route's own mapping. */
export type RestForm<M extends DescMethodUnary> = {
  send(request: MessageShape<M['input']>): Sent;
  read?(reply: RestReply): MessageInitShape<M['output']>;
};

/** A client of one door. */
export type DoorClient = {
  /** Calls an RPC; through the HTTP door by `form`, or by the default mapping of its first route. */
  call<M extends DescMethodUnary>(
    method: M,
    request: MessageInitShape<M['input']>,
    form?: RestForm<M>,
  ): Promise<MessageShape<M['output']>>;
  /** Awaits a call which must fail with a row of the fault table and this message, as the door answers it. */
  fails(call: Promise<unknown>, key: FaultKey, message: string | RegExp, errorCode?: string): Promise<void>;
};

export type DoorsUnderTest = {
  operations: readonly Operation[];
  stages?: readonly Stage[];
  pages?: readonly Page[];
};

/** What the client of a door rejects with. */
class Answered extends Error {
  readonly status: number;
  readonly errorCode: string | undefined;
  constructor(status: number, message: string, errorCode: string | undefined) {
    super(message);
    this.status = status;
    this.errorCode = errorCode;
  }
}

/**
 * Runs one body of tests twice: through the HTTP door and through the gRPC door, without sockets. `open` makes what is
 * under test anew, so call it in each test.
 */
export function throughBothDoors(name: string, body: (connect: (under: DoorsUnderTest) => DoorClient) => void): void {
  describe(`${name}, over HTTP`, () => body(httpClient));
  describe(`${name}, over gRPC`, () => body(grpcClient));
}

const registry = createRegistry(file_google_protobuf_wrappers);

const openDoor = { access: { allowed: [], denied: [] }, token: undefined, watch: {} };

function grpcClient({ operations, stages = [] }: DoorsUnderTest): DoorClient {
  const services = createGrpcDoor({ operations, stages, ...openDoor });
  return {
    async call(method, request) {
      const service = services.find((one) => one.service.typeName === method.parent.typeName);
      const handler = service?.handlers[method.localName] as unknown as (request: unknown, call: unknown) => unknown;
      const sent = fromBinary(method.input, toBinary(method.input, create(method.input, request)));
      try {
        const reply = await handler(sent, { signal: new AbortController().signal, metadata: {} });
        const output = create(method.output, reply as MessageInitShape<typeof method.output>);
        return fromBinary(method.output, toBinary(method.output, output)) as never;
      } catch (thrown) {
        const { key, message, details } = toFault(thrown);
        const info = details.find((detail) => detail.kind === 'error-info');
        throw new Answered(faults[key].grpc, message, info?.reason);
      }
    },
    fails: (call, key, message) => expectFault(call, faults[key].grpc, message, undefined),
  };
}

function httpClient({ operations, stages = [], pages = [] }: DoorsUnderTest): DoorClient {
  const door = createHttpDoor({ operations, stages, pages, ...openDoor });
  return {
    async call(method, init, form) {
      const request = create(method.input, init);
      const {
        url,
        body,
        headers = {},
        ...sent
      } = form?.send(request as never) ?? defaultForm(operations, method, request);
      const bytes =
        body === undefined ? Buffer.alloc(0) : Buffer.from(Buffer.isBuffer(body) ? body : JSON.stringify(body));
      const reply = await door({
        method: sent.method,
        url,
        headers,
        hasBody: bytes.length > 0,
        read: async () => bytes,
        stream: (async function* () {
          yield bytes;
        })(),
        signal: new AbortController().signal,
      });
      if (reply.status >= 400) throw answeredError(reply);
      return create(method.output, form?.read?.(reply) ?? defaultRead(method, reply)) as never;
    },
    fails: (call, key, message, errorCode) =>
      expectFault(call, faults[key].http, message, errorCode ?? faults[key].errorCode),
  };
}

async function expectFault(
  call: Promise<unknown>,
  status: number,
  message: string | RegExp,
  errorCode: string | undefined,
): Promise<void> {
  const thrown: unknown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof Answered)) throw thrown ?? new Error(`the call went well, expected: ${message}`);
  expect(thrown.message).toMatch(message);
  expect(thrown.status).toBe(status);
  if (errorCode !== undefined) expect(thrown.errorCode).toBe(errorCode);
}

function answeredError(reply: RestReply): Error {
  const text = Buffer.from((reply.body ?? '') as string).toString();
  const { errorCode, message } = JSON.parse(text || '{}') as { errorCode?: string; message?: string };
  return new Answered(reply.status, message ?? '', errorCode);
}

/** The default mapping the other way: path parameters from fields, the rest of the message as the body. */
function defaultForm(operations: readonly Operation[], method: DescMethodUnary, request: unknown): Sent {
  const route = operations.find((one) => one.method === method)?.routes[0];
  if (route === undefined) throw new Error(`${method.name} has no HTTP route`);
  const body = toJson(method.input, request as never, { registry }) as Record<string, unknown>;
  const url = route.path.replace(/\{(\w+)\*?\}/g, (_, name: string) => {
    delete body[name];
    return encodeURIComponent((request as Record<string, string>)[name] ?? '');
  });
  const verb = route.methods[0]!;
  return verb === 'GET' || verb === 'DELETE' ? { method: verb, url } : { method: verb, url, body };
}

function defaultRead<M extends DescMethodUnary>(method: M, reply: RestReply): MessageInitShape<M['output']> {
  const text = Buffer.from((reply.body ?? '') as string).toString();
  return (text === '' ? {} : fromJsonString(method.output, text, { registry })) as MessageInitShape<M['output']>;
}
