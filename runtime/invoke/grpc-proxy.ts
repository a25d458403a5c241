import { toFault } from '#kit/errors/fault.ts';
import { grpcCode } from '#kit/errors/table.ts';
import type { RawCall, RawHandler } from '#kit/grpc/call.ts';
import type { Channel } from '#kit/grpc/client.ts';
import { StatusError } from '#kit/grpc/status.ts';
import type { Metadata } from '#kit/grpc/transport.ts';
import type { Tracing } from '#kit/telemetry/tracing/tracing.ts';
import { describeCall } from '../doors/tracing.ts';
import type { PolicyResolver } from '../policy/resiliency/resolve.ts';
import type { Policy, Runner } from '../policy/resiliency/run.ts';
import type { InvocationWatch } from '../telemetry/invocation-metrics.ts';
import { traceMetadata, traceOf } from './headers.ts';
import { firstOf } from './message.ts';
import type { RemoteApp } from './router.ts';
import { errorText } from './status.ts';
import { splitAppId } from './target.ts';

/** A way to pass calls on undecoded. */
export type AppLink = Pick<Channel, 'raw'>;

export type GrpcProxyOptions = {
  self: RemoteApp;
  appToken: string | undefined;
  /** The own app's gRPC server; undefined while there is none. */
  app(): AppLink | undefined;
  /** A channel to a sidecar of another app. */
  connect(remote: RemoteApp): Promise<AppLink>;
  /** Throws to refuse a call of the own app. */
  authorize?(method: string, call: RawCall): void;
  policies: PolicyResolver;
  run: Runner;
  watch?: InvocationWatch | undefined;
  /** Makes a span of each call; undefined when tracing is off. */
  tracing?: Tracing | undefined;
};

/** How a call's messages are packed. */
const encoding = 'grpc-encoding';

/** Headers of one hop, made anew for the next. */
const ofHop = new Set(['te', 'content-type', 'user-agent', 'grpc-timeout', 'grpc-message-type', 'host', 'connection']);

/**
 * Passes calls of services that no one here serves to the app they name in `dapr-callee-app-id` or `dapr-app-id`, frame by
 * frame, undecoded. `dapr-stream: true` says that the call is a stream: policies then guard its opening only.
 */
export function createGrpcProxy(options: GrpcProxyOptions): RawHandler {
  return async function* proxy(frames, call) {
    const named = firstOf(call.metadata, 'dapr-callee-app-id') ?? firstOf(call.metadata, 'dapr-app-id');
    if (named === undefined) {
      throw new StatusError(
        grpcCode.UNKNOWN,
        'failed to proxy request: required metadata dapr-callee-app-id or dapr-app-id not found',
      );
    }
    const remote = splitAppId(named, options.self.namespace);
    const local = remote.appId === options.self.appId && remote.namespace === options.self.namespace;
    const span = options.tracing?.start(call.path, local ? 'server' : 'client', traceOf(call.metadata));
    if (span) describeCall(span, call.metadata, {});
    const trace = span === undefined ? {} : traceMetadata(span.context);
    try {
      if (local) yield* toApp(options, frames, call, trace);
      else yield* counted(options.watch, remote.appId, call, toRemote(options, remote, named, frames, call, trace));
      span?.end();
    } catch (thrown) {
      span?.end(errorText(thrown));
      throw thrown;
    }
  };
}

/** Counts a call of another sidecar. A stream's answer has no latency worth a bucket: it is not counted, as in Dapr. */
async function* counted(
  watch: InvocationWatch | undefined,
  appId: string,
  call: RawCall,
  answer: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  const type = firstOf(call.metadata, 'dapr-stream') === 'true' ? 'streaming' : 'unary';
  const began = performance.now();
  let code: number = grpcCode.OK;
  watch?.requestSent(appId, type);
  try {
    yield* answer;
  } catch (thrown) {
    code = thrown instanceof StatusError ? thrown.code : grpcCode.UNKNOWN;
    throw thrown;
  } finally {
    if (type === 'unary') watch?.responseReceived(appId, code, performance.now() - began);
  }
}

async function* toApp(
  options: GrpcProxyOptions,
  frames: AsyncIterable<Buffer>,
  call: RawCall,
  trace: Metadata,
): AsyncGenerator<Buffer> {
  options.authorize?.(call.path, call);
  const channel = options.app();
  if (channel === undefined) throw new StatusError(grpcCode.INTERNAL, 'app channel is not initialized');
  const { 'dapr-api-token': _ours, 'dapr-app-id': _target, ...metadata } = forwarded(call);
  if (options.appToken) metadata['dapr-api-token'] = options.appToken;
  Object.assign(metadata, trace);
  yield* passed(channel, frames, call, metadata);
}

async function* toRemote(
  options: GrpcProxyOptions,
  remote: RemoteApp,
  named: string,
  frames: AsyncIterable<Buffer>,
  call: RawCall,
  trace: Metadata,
): AsyncGenerator<Buffer> {
  const { self, policies } = options;
  const { 'dapr-api-token': _ours, 'dapr-app-id': _target, ...rest } = forwarded(call);
  const metadata = {
    ...rest,
    ...trace,
    'dapr-caller-app-id': self.appId,
    'dapr-caller-namespace': self.namespace,
    'dapr-callee-app-id': remote.appId,
  };
  const policy = policies.endpoint(named, `${named}:${call.path}`);
  if (isEmpty(policy)) {
    yield* passed(await connected(options, remote), frames, call, metadata);
    return;
  }
  const request = await replayable(frames);
  const attempt = async (signal: AbortSignal | undefined) => {
    const channel = await connected(options, remote);
    return opened(channel, request.frames(), call, metadata, signal);
  };
  const statusOf = (thrown: unknown) => (thrown instanceof StatusError ? thrown.code : undefined);
  const answer = await options.run(policy, ({ signal }) => attempt(signal), {
    signal: call.signal,
    mayRetry: () => request.whole(),
    statusOf,
  });
  yield* answer;
  Object.assign(call.responseTrailers, answer.trailers());
}

const isEmpty = (policy: Policy) =>
  policy.timeoutMs === undefined && policy.retry === undefined && policy.breaker === undefined;

async function connected(options: GrpcProxyOptions, remote: RemoteApp): Promise<AppLink> {
  return options.connect(remote).catch((thrown) => {
    if (thrown instanceof StatusError) throw thrown;
    // Unknown, as Dapr has it, where nobody bears the name: no other try will change that.
    const code = toFault(thrown).key === 'unavailable' ? grpcCode.UNAVAILABLE : grpcCode.UNKNOWN;
    throw new StatusError(code, errorText(thrown), [], thrown);
  });
}

/**
 * The caller's metadata without what belongs to its own hop. Messages are passed packed as they are: how they are goes
 * with them, and so does whether the caller can unpack an answer.
 */
function forwarded(call: RawCall): Record<string, string | string[]> {
  const out: Record<string, string | string[]> = {};
  const { [encoding]: packed, 'grpc-accept-encoding': accepted } = call.headers;
  if (packed !== undefined) out[encoding] = packed as string;
  if (!String(accepted).includes('gzip')) out['grpc-accept-encoding'] = 'identity';
  for (const name in call.metadata)
    if (!ofHop.has(name) && !name.startsWith(':')) out[name] = call.metadata[name] as string | string[];
  return out;
}

function callOptions(call: RawCall, metadata: Metadata, signal: AbortSignal | undefined) {
  const timeoutMs = call.deadline === undefined ? undefined : Math.max(1, call.deadline - Date.now());
  return { metadata, signal: signal ?? call.signal, timeoutMs };
}

/** The answer's frames as they come; headers and trailers go to the caller's answer. */
async function* passed(
  channel: AppLink,
  frames: AsyncIterable<Buffer>,
  call: RawCall,
  metadata: Metadata,
): AsyncGenerator<Buffer> {
  const answer = channel.raw(call.path, frames, callOptions(call, metadata, undefined));
  const headers = await answer.headers;
  if (headers) Object.assign(call.responseHeaders, own(headers));
  try {
    yield* answer.frames;
  } finally {
    Object.assign(call.responseTrailers, own(answer.trailers()));
  }
}

type Opened = AsyncIterable<Buffer> & { trailers(): Metadata };

/** An answer of which the first frame has come, so that a failure before it can be retried. */
async function opened(
  channel: AppLink,
  frames: AsyncIterable<Buffer>,
  call: RawCall,
  metadata: Metadata,
  signal: AbortSignal | undefined,
): Promise<Opened> {
  const answer = channel.raw(call.path, frames, callOptions(call, metadata, signal));
  const iterator = answer.frames[Symbol.asyncIterator]();
  const first = await iterator.next();
  const headers = await answer.headers;
  if (headers) Object.assign(call.responseHeaders, own(headers));
  const rest = async function* (): AsyncGenerator<Buffer> {
    for (let next = first; !next.done; next = await iterator.next()) yield next.value;
  };
  return { [Symbol.asyncIterator]: rest, trailers: () => own(answer.trailers()) };
}

function own(metadata: Metadata): Record<string, string | string[]> {
  const kept = Object.entries(metadata).filter(
    ([name]) => name === encoding || !(name.startsWith(':') || name.startsWith('grpc-') || ofHop.has(name)),
  );
  return Object.fromEntries(kept) as Record<string, string | string[]>;
}

/**
 * A request that can be sent again as long as it turned out to be a single frame. A frame that comes while attempts
 * change over goes to the newest: those before it end without one.
 */
async function replayable(
  frames: AsyncIterable<Buffer>,
): Promise<{ frames(): AsyncIterable<Buffer>; whole(): boolean }> {
  const iterator = frames[Symbol.asyncIterator]();
  const first = await iterator.next();
  let newest = 0;
  let more = false;
  let coming: Promise<IteratorResult<Buffer>> | undefined;
  return {
    whole: () => !more,
    frames: async function* () {
      const attempt = ++newest;
      if (first.done) return;
      yield first.value;
      for (;;) {
        coming ??= iterator.next();
        const next = await coming;
        if (attempt !== newest || next.done) return;
        coming = undefined;
        more = true;
        yield next.value;
      }
    },
  };
}
