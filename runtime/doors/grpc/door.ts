import type { DescMethod, DescService } from '@bufbuild/protobuf';
import { type Fault, fault, toFault } from '#kit/errors/fault.ts';
import { faults, grpcCode } from '#kit/errors/table.ts';
import type { CallWatch, RawHandler } from '#kit/grpc/call.ts';
import type { Implementation } from '#kit/grpc/service.ts';
import type { Span, Tracing } from '#kit/telemetry/tracing/tracing.ts';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { errorInfo } from '../../blocks/details.ts';
import type { Invoke, Operation } from '../../blocks/operation.ts';
import { compose, type Stage } from '../../chain.ts';
import { type AccessRules, isAllowed } from '../../stages/access.ts';
import { apiTokenHeader, type TokenCheck } from '../../stages/api-token.ts';
import type { DoorWatch, Served } from '../served.ts';
import { answerHeaders, componentAttributes, describeCall, grpcAttributes, startCallSpan } from '../tracing.ts';
import { type GrpcCall, GrpcContext } from './context.ts';

export type GrpcDoorOptions = {
  operations: readonly Operation[];
  /** Methods of the Dapr service that are no operations: invocation, whose answers carry metadata. */
  handlers?: Implementation['handlers'];
  stages: readonly Stage[];
  access: AccessRules;
  token: TokenCheck | undefined;
  watch: DoorWatch;
  /** Makes a span of each call; undefined when tracing is off. */
  tracing?: Tracing | undefined;
};

type Handler = (request: never, call: GrpcCall) => unknown;

/** The gRPC door: the services whose methods the operations are, for a server of kit/grpc. */
export function createGrpcDoor(options: GrpcDoorOptions): Implementation[] {
  const services = new Map<DescService, Record<string, Handler>>();
  for (const operation of options.operations) {
    if (!isAllowed(options.access, 'grpc', { api: operation.api })) continue;
    const invoke = compose(operation, 'grpc', options.stages);
    for (const method of [operation.method, ...operation.alsoAs]) {
      const handlers = services.get(method.parent) ?? {};
      services.set(method.parent, handlers);
      handlers[method.localName] = handlerOf(
        method,
        operationHandler(method, operation, invoke, options.tracing),
        options,
      );
    }
  }
  for (const [name, handler] of Object.entries(options.handlers ?? {})) {
    const handlers = services.get(Dapr) ?? {};
    services.set(Dapr, handlers);
    handlers[name] = handlerOf(Dapr.method[name as keyof typeof Dapr.method], handler as Handler, options);
  }
  return [...services].map(([service, handlers]) => ({ service, handlers: handlers as Implementation['handlers'] }));
}

function operationHandler(
  method: DescMethod,
  { component }: Operation,
  invoke: Invoke,
  tracing: Tracing | undefined,
): Handler {
  if (tracing === undefined) return (request, call) => invoke(request, new GrpcContext(call));
  const path = `/${method.parent.typeName}/${method.name}`;
  if (method.methodKind !== 'unary') return tracedStream(path, invoke, tracing);
  const about = (span: Span, request: object, metadata: GrpcCall['metadata'], status: number): void => {
    if (!span.sampled) return;
    const uses = componentAttributes(component, request, path);
    describeCall(span, metadata, { ...uses, 'rpc.service': 'Dapr', ...grpcAttributes(path, status) });
  };
  return async (request, call) => {
    const { metadata, responseHeaders = {} } = call;
    const span = startCallSpan(tracing, path, metadata);
    Object.assign(responseHeaders, answerHeaders(span));
    try {
      const reply = await invoke(request, new GrpcContext(call, span.context));
      about(span, request as object, metadata, grpcCode.OK);
      span.end();
      return reply;
    } catch (thrown) {
      about(span, request as object, metadata, statusOf(thrown));
      span.end(toFault(thrown).message);
      throw thrown;
    }
  };
}

/** A stream is one span, from its first byte to its end. */
function tracedStream(path: string, invoke: Invoke, tracing: Tracing): Handler {
  return async function* traced(request, call) {
    const span = startCallSpan(tracing, path, call.metadata);
    let status: number = grpcCode.OK;
    let error: string | undefined;
    try {
      yield* invoke(request, new GrpcContext(call, span.context)) as AsyncIterable<unknown>;
    } catch (thrown) {
      status = statusOf(thrown);
      error = toFault(thrown).message;
      throw thrown;
    } finally {
      describeCall(span, call.metadata, grpcAttributes(path, status));
      span.end(error);
    }
  };
}

function handlerOf(method: DescMethod, serve: Handler, { token, watch }: GrpcDoorOptions): Handler {
  const streams = method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming';
  return streams ? streamHandler(serve, token, watch) : unaryHandler(method, serve, token, watch);
}

function unaryHandler(method: DescMethod, serve: Handler, token: TokenCheck | undefined, watch: DoorWatch): Handler {
  const { served } = watch;
  const path = `/${method.parent.typeName}/${method.name}`;
  return async (request, call) => {
    const began = served === undefined ? 0 : performance.now();
    try {
      if (token) checkToken(token, call);
      const reply = await serve(request, call);
      if (served) call.watch = new ServedCall(served, call, method.name, path, began);
      return reply;
    } catch (thrown) {
      const problem = answered(thrown, watch);
      if (served) new ServedCall(served, call, method.name, path, began).ended(statusOf(problem));
      throw problem;
    }
  };
}

function streamHandler(serve: Handler, token: TokenCheck | undefined, watch: DoorWatch): Handler {
  return async function* (request, call) {
    try {
      if (token) checkToken(token, call);
      yield* serve(request, call) as AsyncIterable<unknown>;
    } catch (thrown) {
      throw answered(thrown, watch);
    }
  };
}

/** Calls that pass undecoded, behind the API token. */
export function guardedProxy(proxy: RawHandler, token: TokenCheck | undefined, { served }: DoorWatch): RawHandler {
  if (token === undefined && served === undefined) return proxy;
  return async function* guarded(frames, call) {
    const began = performance.now();
    let status: number = grpcCode.OK;
    try {
      if (token) checkToken(token, call);
      yield* proxy(frames, call);
    } catch (thrown) {
      status = statusOf(thrown);
      throw thrown;
    } finally {
      const operation = call.path.slice(call.path.lastIndexOf('/') + 1);
      // A path that nobody serves and that goes nowhere is any text at all: it would be a series of its own.
      if (served && (call.metadata['dapr-app-id'] ?? call.metadata['dapr-callee-app-id']) !== undefined)
        new ServedCall(served, call, operation, call.path, began).ended(status);
    }
  };
}

/** Throws `unauthenticated` unless the call carries the API token. */
function checkToken(token: TokenCheck, { metadata }: GrpcCall): void {
  const given = metadata[apiTokenHeader];
  if (given === undefined) throw fault('unauthenticated', 'missing api token in request metadata');
  if (!token(typeof given === 'string' ? given : given[0])) {
    throw fault('unauthenticated', 'authentication error: api token mismatch');
  }
}

/** What is thrown to the server: a peer's own status as it is, anything else as a fault with an ErrorInfo. */
function answered(thrown: unknown, watch: DoorWatch): unknown {
  if (thrown instanceof Error && thrown.name === 'StatusError') return thrown;
  const problem = toFault(thrown);
  watch.failed?.(problem);
  if (problem.chosen || problem.details.some((detail) => detail.kind === 'error-info')) return problem;
  return withErrorInfo(problem);
}

const withErrorInfo = ({ key, message, errorCode, details, cause }: Fault): Fault =>
  fault(key, message, { errorCode, cause, details: [...details, errorInfo(errorCode)] });

/** A unary call as it is told to who watches, once it is known how it ended and how large its answer is. */
class ServedCall implements Served, CallWatch {
  readonly door = 'grpc';
  readonly operation: string;
  readonly verb = '';
  readonly path: string;
  readonly template = '';
  readonly requestBytes: number;
  readonly healthCheck = false;
  status = 0;
  milliseconds = 0;
  responseBytes = 0;
  readonly #tell: (call: Served) => void;
  readonly #call: GrpcCall;
  readonly #began: number;

  constructor(tell: (call: Served) => void, call: GrpcCall, operation: string, path: string, began: number) {
    this.#tell = tell;
    this.#call = call;
    this.#began = began;
    this.operation = operation;
    this.path = path;
    this.requestBytes = call.requestBytes;
  }

  sent(bytes: number): void {
    this.responseBytes = bytes;
    this.ended(0);
  }

  ended(status: number): void {
    this.status = status;
    this.milliseconds = performance.now() - this.#began;
    this.#tell(this);
  }

  get userAgent(): string | undefined {
    return this.#call.metadata['user-agent'] as string | undefined;
  }
}

function statusOf(thrown: unknown): number {
  if (thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'number') return thrown.code;
  const problem = toFault(thrown);
  return problem.chosen?.grpc.code ?? faults[problem.key].grpc;
}
