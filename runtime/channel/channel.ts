import type { InvokeAnswer, InvokeCall } from '../invoke/message.ts';

/** Whether the app answered a health probe well, and if not, why; with its HTTP status or gRPC code. */
export type ProbeResult = { healthy: boolean; reason: string; status: number };

/** The way from the sidecar to its app. */
export type AppChannel = AsyncDisposable & {
  protocol: 'http' | 'grpc';
  /** Calls the app. Rejects with `app-channel` where it cannot be reached, never for what it answers. */
  invoke(call: InvokeCall, signal: AbortSignal | undefined): Promise<InvokeAnswer>;
  /** Asks the app how it is; never rejects. */
  probe(path: string, timeoutMs: number): Promise<ProbeResult>;
};
