import type {
  DescMessage,
  DescMethodBiDiStreaming,
  DescMethodClientStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf';

/** gRPC metadata: names in lower case, `-bin` values as base64. A repeated name holds its values in order. */
export type Metadata = Readonly<Record<string, string | readonly string[]>>;

export type CallOptions = {
  /** Aborting cancels the call, which then rejects with `CANCELLED`. */
  signal?: AbortSignal | undefined;
  /** Becomes `grpc-timeout`; when it passes, the call rejects with `DEADLINE_EXCEEDED`. */
  timeoutMs?: number | undefined;
  metadata?: Metadata | undefined;
  /** Waits, up to the deadline, for a connection that cannot be made yet, rather than reject with `UNAVAILABLE`. */
  waitForReady?: boolean | undefined;
  /** Sends the requests as gzip, where bytes travel. */
  gzip?: boolean | undefined;
};

/**
 * A way to call a peer's methods, whatever carries the bytes: HTTP/2 over TCP or a Unix socket, a child process, NATS,
 * or nothing at all. Calls that fail reject (streams throw) with `StatusError`. A response stream that is left early
 * (`break`) cancels its call. Disposing closes what the transport opened and ends calls under way.
 */
export type Transport = AsyncDisposable & {
  unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    options?: CallOptions,
  ): Promise<MessageShape<O>>;

  serverStream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageInitShape<I>,
    options?: CallOptions,
  ): AsyncIterable<MessageShape<O>>;

  clientStream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodClientStreaming<I, O>,
    requests: AsyncIterable<MessageInitShape<I>>,
    options?: CallOptions,
  ): Promise<MessageShape<O>>;

  /** The call opens when the responses are first asked for. */
  bidiStream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodBiDiStreaming<I, O>,
    requests: AsyncIterable<MessageInitShape<I>>,
    options?: CallOptions,
  ): AsyncIterable<MessageShape<O>>;
};
