import type { DescMessage, DescMethod, DescMethodUnary, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { fault } from '#kit/errors/fault.ts';
import { grpcCode } from '#kit/errors/table.ts';
import { unseen } from '#kit/errors/unseen.ts';
import type { HttpCall, HttpResponse } from '#kit/http/call.ts';
import type { HeaderInit } from '#kit/http2/hpack-encoder.ts';
import { callHeaders } from './call-headers.ts';
import { ClientCall, type ResponseSink } from './client-call.ts';
import { decodeFrames, encodeFrame } from './codec.ts';
import { acceptedEncodings } from './compression.ts';
import type { ConnectionOptions } from './connection.ts';
import { type Balance, type ConnectionPool, connectionPool } from './connection-pool.ts';
import { prefixLength } from './frame.ts';
import { PlainCall } from './plain-call.ts';
import { isPromise } from './promise.ts';
import { encodeFrames, sendRequests } from './requests.ts';
import type { Session } from './session.ts';
import { StatusError } from './status.ts';
import { type RawResponse, StreamAnswer } from './stream-answer.ts';
import { type Address, addressText, parseTarget, type Resolver } from './target.ts';
import type { CallOptions, Metadata, Transport } from './transport.ts';
import { UnaryAnswer } from './unary-answer.ts';
import type { UnaryWatch } from './unary-watch.ts';
import { waitForReady } from './wait-for-ready.ts';

export type ChannelOptions = ConnectionOptions & {
  /** `host:port`, `unix:path`, an address, or what finds the addresses of a service. */
  target: string | Address | Resolver;
  /** Default pick-first. */
  balance?: Balance;
  /** Longest answer accepted, in bytes. Default 4 MiB. */
  maxReceiveBytes?: number;
  /** Sent as `:authority`. Default: the address, `localhost` for Unix sockets. */
  authority?: string;
  userAgent?: string;
  /** Sent with every call; a call's own metadata wins. */
  metadata?: Metadata;
  /** Told of every unary call when it has ended. */
  watch?: UnaryWatch | undefined;
};

/** An answer together with what surrounds it. */
export type UnaryResponse<T> = { message: T; headers: Metadata; trailers: Metadata };

/** A gRPC client of one service's addresses: connects when first called, and anew when the connection is lost. */
export type Channel = Transport & {
  /** As `unary`, with the metadata of the answer. */
  unaryResponse<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    options?: CallOptions,
  ): Promise<UnaryResponse<MessageShape<O>>>;
  /** A call whose frames (five-byte prefix and message) are passed as they are, both ways. */
  raw(path: string, frames: AsyncIterable<Buffer>, options?: CallOptions): RawResponse;
  /** Whether the server takes HTTP requests beside gRPC calls; connects if need be, false where that fails. */
  takesPlain(): boolean | Promise<boolean>;
  /** Sends such a request. Rejects with `unavailable` or `cancelled`, as `HttpClient` does. */
  plain(call: HttpCall): Promise<HttpResponse>;
  /** Connects without calling; rejects with UNAVAILABLE when no address can be reached. */
  ready(): Promise<void>;
};

const defaultMaxReceiveBytes = 4 * 1024 * 1024;

/** Opens a channel. Nothing is dialled before the first call. */
export function connect(options: ChannelOptions): Channel {
  const { resolver, authority } = destination(options);
  const pool = connectionPool(resolver, options.balance ?? 'pick-first', options);
  const start = starter(pool, baseHeaders(options, authority), options.maxReceiveBytes ?? defaultMaxReceiveBytes);

  const unary = <O extends DescMessage>(
    method: DescMethod & { output: O },
    request: MessageInitShape<DescMessage>,
    callOptions: CallOptions,
  ): UnaryAnswer<O> => {
    const answer = new UnaryAnswer(method);
    const begin = (body: Buffer) => answer.begin(start(pathOf(method), answer, callOptions, body));
    const frame = encodeFrame(method.input, request, callOptions.gzip === true);
    if (isPromise(frame)) frame.then(begin, (thrown) => answer.end(thrown));
    else begin(frame);
    if (options.watch) watchUnary(options.watch, pathOf(method), frame, answer);
    return answer;
  };

  const stream = (path: string, callOptions: CallOptions, requests: AsyncIterable<Buffer> | Buffer) => {
    const answer = new StreamAnswer({
      pause: () => call.pause(),
      resume: () => call.resume(),
      cancel: () => call.cancel(),
    });
    const body = Buffer.isBuffer(requests) ? requests : undefined;
    const call: ClientCall = start(path, answer, callOptions, body);
    if (!Buffer.isBuffer(requests)) void sendRequests(call, requests);
    return { answer, call };
  };

  return {
    unary: (method, request, callOptions = {}) => unary(method, request, callOptions).message,
    unaryResponse: (method, request, callOptions = {}) => unary(method, request, callOptions).whole(),
    async *serverStream(method, request, callOptions = {}) {
      const frame = await encodeFrame(method.input, request, callOptions.gzip === true);
      const { answer, call } = stream(pathOf(method), callOptions, frame);
      yield* decodeFrames(method.output, answer, call);
    },
    clientStream(method, requests, callOptions = {}) {
      const answer = new UnaryAnswer(method);
      const call = start(pathOf(method), answer, callOptions);
      answer.begin(call);
      void sendRequests(call, encodeFrames(method.input, requests, callOptions.gzip === true));
      return answer.message;
    },
    async *bidiStream(method, requests, callOptions = {}) {
      const frames = encodeFrames(method.input, requests, callOptions.gzip === true);
      const { answer, call } = stream(pathOf(method), callOptions, frames);
      yield* decodeFrames(method.output, answer, call);
    },
    raw(path, frames, callOptions = {}) {
      const { answer, call } = stream(path, callOptions, frames);
      return answer.response(call);
    },
    takesPlain() {
      const session = pick(pool);
      return isPromise(session) ? session.then((picked) => picked?.plain === true) : session?.plain === true;
    },
    plain: plainCaller(pool, authority ?? 'localhost'),
    async ready() {
      await pool.pick();
    },
    async [Symbol.asyncDispose]() {
      pool.dispose();
    },
  };
}

/** A session, or nothing where none can be had. */
function pick(pool: ConnectionPool): Session | undefined | Promise<Session | undefined> {
  try {
    const session = pool.pick();
    return isPromise(session) ? session.catch(() => undefined) : session;
  } catch {
    return undefined;
  }
}

function plainCaller(pool: ConnectionPool, authority: string): Channel['plain'] {
  const begin = (call: PlainCall, session: Session | undefined): void => {
    if (session?.plain) call.open(session);
    else call.fail(unseen(fault('unavailable', `${authority} cannot be reached`)));
  };
  const open = (call: PlainCall): void => {
    const session = pick(pool);
    if (isPromise(session)) void session.then((picked) => begin(call, picked));
    else begin(call, session);
  };
  return (request) => {
    const call = new PlainCall(request, { authority, again: open });
    open(call);
    return call.response;
  };
}

/** Tells of a call when it has ended; its own promise is the caller's. */
function watchUnary(
  watch: UnaryWatch,
  path: string,
  request: Buffer | Promise<Buffer>,
  answer: UnaryAnswer<DescMessage>,
): void {
  const began = performance.now();
  const tell = (code: number) =>
    watch({
      ...{ path, code, milliseconds: performance.now() - began },
      requestBytes: isPromise(request) ? 0 : request.length - prefixLength,
      responseBytes: answer.bytes,
    });
  answer.message.then(
    () => tell(grpcCode.OK),
    (thrown) => tell(thrown instanceof StatusError ? thrown.code : grpcCode.UNKNOWN),
  );
}

type Start = (path: string, sink: ResponseSink, options: CallOptions, body?: Buffer) => ClientCall;

/** Starts calls; one with its whole body in hand is started over when the server refused it unseen. */
function starter(pool: ConnectionPool, base: HeaderInit, maxReceiveBytes: number): Start {
  const headersOf = callHeaders(base);
  return (path, sink, options, body) => {
    const open = (): void => {
      try {
        const headers = headersOf(path, options);
        const session = options.waitForReady ? waitForReady(pool, call) : pool.pick();
        if (!isPromise(session)) call.open(session, headers, body);
        else
          session.then((opened) => call.open(opened, headers, body)).catch((thrown) => call.fail(unavailable(thrown)));
      } catch (thrown) {
        call.fail(unavailable(thrown));
      }
    };
    const { signal, timeoutMs } = options;
    const retry = body === undefined ? undefined : open;
    const call = new ClientCall(sink, { signal, timeoutMs, maxReceiveBytes, retry });
    open();
    return call;
  };
}

function baseHeaders(options: ChannelOptions, authority: string | undefined): HeaderInit {
  return {
    ':method': 'POST',
    ':scheme': options.tls === undefined ? 'http' : 'https',
    ...(authority === undefined ? undefined : { ':authority': authority }),
    'content-type': 'application/grpc',
    te: 'trailers',
    'user-agent': options.userAgent ?? 'outrigger',
    'grpc-accept-encoding': acceptedEncodings,
    ...options.metadata,
  };
}

function destination({ target, authority }: ChannelOptions): { resolver: Resolver; authority: string | undefined } {
  if (typeof target === 'function') return { resolver: target, authority };
  const address = typeof target === 'string' ? parseTarget(target) : target;
  const own = 'path' in address ? 'localhost' : addressText(address);
  return { resolver: async () => [address], authority: authority ?? own };
}

const pathOf = (method: DescMethod): string => `/${method.parent.typeName}/${method.name}`;

/** There is no connection to call on. */
function unavailable(thrown: unknown): StatusError {
  if (thrown instanceof StatusError) return unseen(thrown);
  if (thrown instanceof TypeError) return new StatusError(grpcCode.INTERNAL, thrown.message, [], thrown);
  return unseen(new StatusError(grpcCode.UNAVAILABLE, (thrown as Error).message, [], thrown));
}
