import type {
  DescMethod,
  DescMethodBiDiStreaming,
  DescMethodClientStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf';
import type { Fault } from '#kit/errors/fault.ts';
import type { TraceContext } from '#kit/telemetry/tracing/trace-context.ts';
import type { Kind } from './kind.ts';
import type { RestReply, RestRequest, RouteMethod, RouteParams } from './rest.ts';

/** What `handle` gets: a message, or a stream of them where the client streams. */
export type RequestOf<M extends DescMethod> =
  M extends DescMethodUnary<infer I, infer _O>
    ? MessageShape<I>
    : M extends DescMethodServerStreaming<infer I, infer _O>
      ? MessageShape<I>
      : M extends DescMethodClientStreaming<infer I, infer _O>
        ? AsyncIterable<MessageShape<I>>
        : M extends DescMethodBiDiStreaming<infer I, infer _O>
          ? AsyncIterable<MessageShape<I>>
          : never;

/** What a REST route makes of an HTTP request: as RequestOf, with the fields that are not given left out. */
export type RequestInit<M extends DescMethod> =
  RequestOf<M> extends AsyncIterable<unknown>
    ? AsyncIterable<MessageInitShape<M['input']>>
    : MessageInitShape<M['input']>;

/** What a reply is made of: a message, or a stream of them where the server streams. */
export type ReplyOf<M extends DescMethod> =
  M extends DescMethodUnary<infer _I, infer O>
    ? MessageInitShape<O>
    : M extends DescMethodClientStreaming<infer _I, infer O>
      ? MessageInitShape<O>
      : AsyncIterable<MessageInitShape<M['output']>>;

/** What `handle` returns: a promise of the reply, or the stream itself. */
export type Answer<M extends DescMethod> = ReplyOf<M> extends AsyncIterable<unknown> ? ReplyOf<M> : Promise<ReplyOf<M>>;

/** What a handler knows of the call besides its message. It does not know the door. */
export type Context<C = unknown> = {
  /** Aborts when the caller is gone, its deadline passes, or the policy's time is over. */
  readonly signal: AbortSignal;
  /** HTTP headers or gRPC metadata, names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The component the request names, looked up before; `undefined` for operations without one. */
  readonly component: C;
  /** Whether values in the request are JSON documents (`"a"`), rather than bytes that are not to be looked into. */
  readonly jsonValues: boolean;
  /** Where the call stands in its trace; undefined when the doors do not trace, and then `headers` may carry one. */
  readonly trace: TraceContext | undefined;
};

/** Which component an operation acts on. The chain looks it up, guards it by its policy and measures it. */
export type ComponentUse<R, C> = {
  kind: Kind<C>;
  /** The name in the request, as in the Component's `metadata.name`. */
  name(request: R): string;
  /** Label `operation` of the component's metrics, such as `bulk_get`. */
  action: string;
  /** The handler runs the component's policy itself, per item or per attempt. Default: the chain does, around all of it. */
  guardsItself?: boolean;
};

/** How an operation is reached over HTTP. What is left out follows from the RPC's messages. */
export type Route<M extends DescMethod, P extends string> = {
  method: RouteMethod | readonly RouteMethod[];
  /** `/v1.0/state/{storeName}/{key}`; `{topic*}` takes the rest of the path, slashes included. Several mean the same. */
  path: P | readonly P[];
  /** Default: the body as protobuf JSON, then the path's parameters into the fields of their names. */
  toRequest?(http: RestRequest<RouteParams<P>>): RequestInit<M>;
  /** Default: protobuf JSON with `status`, or 204 when the RPC answers Empty. */
  toReply?(reply: ReplyOf<M>, http: RestRequest<RouteParams<P>>): RestReply | Promise<RestReply>;
  /** What a body over the size limit is answered with; `why` says how large it may be. Default: `malformed-request`. */
  tooLarge?(why: string, http: RestRequest<RouteParams<P>>): Fault;
  /** Status of the default reply, 200 if left out. */
  status?: number;
  /** The body is read from `http.stream` as it comes, and is not bound by the size limit. */
  streams?: boolean;
};

/** One API call, defined once for both doors. */
export type OperationRecord<M extends DescMethod, P extends string, C> = {
  /** The RPC: its messages, gRPC path, span name, metric names and access rule follow from it. */
  method: M;
  /** Other RPCs with the same messages and meaning, such as `…Alpha1`. */
  alsoAs?: readonly DescMethod[];
  /** API group and version as `spec.api` rules of gRPC name them, such as `state.v1`. */
  api: `${string}.v${string}`;
  http?: Route<M, P> | readonly Route<M, P>[];
  component?: ComponentUse<RequestOf<M>, C>;
  handle(request: RequestOf<M>, context: Context<C>): Answer<M>;
};

/** An operation as the chain and the doors see it, its message types forgotten. */
export type Operation = {
  readonly method: DescMethod;
  readonly alsoAs: readonly DescMethod[];
  readonly api: string;
  readonly routes: readonly AnyRoute[];
  readonly component: ComponentUse<never, unknown> | undefined;
  readonly handle: Invoke;
};

/** A call through the rest of the chain: answers a promise of the reply, or a stream. */
export type Invoke = (request: never, context: Context) => unknown;

export type AnyRoute = {
  readonly methods: readonly RouteMethod[];
  readonly path: string;
  readonly toRequest: ((http: RestRequest) => unknown) | undefined;
  readonly tooLarge: ((why: string, http: RestRequest) => Fault) | undefined;
  readonly toReply: ((reply: never, http: RestRequest) => RestReply | Promise<RestReply>) | undefined;
  readonly status: number;
  readonly streams: boolean;
};

/** Checks the types of an operation and forgets them. */
export function defineOperation<M extends DescMethod, const P extends string, C>(
  record: OperationRecord<M, P, C>,
): Operation {
  const { method, alsoAs = [], api, http = [], component, handle } = record;
  const routes = (Array.isArray(http) ? http : [http]) as readonly Route<M, P>[];
  return {
    method,
    alsoAs,
    api,
    routes: routes.flatMap((route) =>
      (typeof route.path === 'string' ? [route.path] : route.path).map((path) => ({
        methods: typeof route.method === 'string' ? [route.method] : route.method,
        path,
        toRequest: route.toRequest as AnyRoute['toRequest'],
        toReply: route.toReply as AnyRoute['toReply'],
        tooLarge: route.tooLarge as AnyRoute['tooLarge'],
        status: route.status ?? 200,
        streams: route.streams ?? false,
      })),
    ),
    component: component as Operation['component'],
    handle: handle as Invoke,
  };
}
