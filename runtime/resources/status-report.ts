import { grpcCode } from '#kit/errors/table.ts';
import { StatusError } from '#kit/grpc/status.ts';
import type { Transport } from '#kit/grpc/transport.ts';
import type { Clock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import { Status } from '#proto/outrigger/operator/v1/status_pb.js';

export type ReporterOptions = {
  transport: Transport;
  namespace: string;
  podName: string;
  clock: Clock;
  log: Logger;
  signal: AbortSignal;
};

export type ComponentOutcome = {
  name: string;
  generation: number;
  /** Undefined: it is loaded. */
  error: string | undefined;
};

export type StatusReporter = {
  /** How loading or unloading a component ended; told to the operator soon after. */
  report(outcome: ComponentOutcome): void;
  forget(name: string): void;
  /** Tells the operator soon, such as after a new connection to it. */
  send(): void;
  /** Tells the operator at once; resolves when it knows, or cannot be told. */
  flush(): Promise<void>;
};

const gatherMs = 200;
const againMs = 5 * 60_000;
const timeoutMs = 5_000;

/**
 * Tells the operator which components this sidecar has loaded and why others failed: the whole picture each time, after
 * changes and every 5 minutes. An operator that does not know the call is not asked again; other failures pass.
 */
export function startStatusReporter(options: ReporterOptions): StatusReporter {
  const { transport, namespace, podName, clock, log, signal } = options;
  const outcomes = new Map<string, ComponentOutcome>();
  let known = true;
  let gathering = false;
  const tell = async () => {
    gathering = false;
    if (!known || signal.aborted) return;
    const components = [...outcomes.values()].map(({ name, generation, error }) => ({
      name,
      observedGeneration: BigInt(generation),
      loaded: error === undefined,
      error: error ?? '',
    }));
    try {
      await transport.unary(Status.method.reportComponents, { namespace, podName, components }, { signal, timeoutMs });
    } catch (thrown) {
      if (thrown instanceof StatusError && thrown.code === grpcCode.UNIMPLEMENTED) known = false;
      else log.debug(`Reporting components to the operator failed: ${(thrown as Error).message}`);
    }
  };
  const send = () => {
    if (gathering) return;
    gathering = true;
    void clock.pause(gatherMs, signal).then(tell);
  };
  const again = setInterval(send, againMs).unref();
  signal.addEventListener('abort', () => clearInterval(again), { once: true });
  return {
    report(outcome) {
      outcomes.set(outcome.name, outcome);
      send();
    },
    forget(name) {
      outcomes.delete(name);
      send();
    },
    send,
    flush: tell,
  };
}
