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

/** A resource of which the newest version is not in use. */
export type ResourceProblem = {
  name: string;
  generation: number;
  /** Why, and what is in use instead. */
  error: string;
};

export type StatusReporter = {
  /** How loading or unloading a component ended; told to the operator soon after. */
  report(outcome: ComponentOutcome): void;
  forget(name: string): void;
  /** All that is wrong with resources of a kind other than Component; told to the operator if it is news. */
  problems(kind: string, problems: readonly ResourceProblem[]): void;
  /** Tells the operator soon, such as after a new connection to it. */
  send(): void;
  /** Tells the operator at once; resolves when it knows, or cannot be told. */
  flush(): Promise<void>;
};

const gatherMs = 200;
const againMs = 5 * 60_000;
const timeoutMs = 5_000;

/**
 * Tells the operator which components this sidecar has loaded, why others failed, and which resources of other kinds it
 * does not use in their newest version: the whole picture each time, after changes and every 5 minutes. An operator that does not know the call is not asked again; other failures pass.
 */
export function startStatusReporter(options: ReporterOptions): StatusReporter {
  const { transport, namespace, podName, clock, log, signal } = options;
  const outcomes = new Map<string, ComponentOutcome>();
  const troubled = new Map<string, readonly ResourceProblem[]>();
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
    const problems = [...troubled].flatMap(([kind, list]) =>
      list.map(({ name, generation, error }) => ({ kind, name, observedGeneration: BigInt(generation), error })),
    );
    const picture = { namespace, podName, components, problems, kinds: [...troubled.keys()] };
    try {
      await transport.unary(Status.method.reportComponents, picture, { signal, timeoutMs });
    } catch (thrown) {
      if (thrown instanceof StatusError && thrown.code === grpcCode.UNIMPLEMENTED) known = false;
      else log.debug(`Reporting to the operator failed: ${(thrown as Error).message}`);
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
    problems(kind, problems) {
      if (JSON.stringify(problems) === JSON.stringify(troubled.get(kind))) return;
      troubled.set(kind, problems);
      send();
    },
    send,
    flush: tell,
  };
}
