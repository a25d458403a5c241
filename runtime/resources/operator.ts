import type { DescMethodServerStreaming, DescMethodUnary } from '@bufbuild/protobuf';
import { type Configuration, configuration } from '#crds/configuration.ts';
import type { Kind as ResourceKind } from '#crds/kind.ts';
import { fault, toFault } from '#kit/errors/fault.ts';
import { grpcCode } from '#kit/errors/table.ts';
import { StatusError } from '#kit/grpc/status.ts';
import type { Transport } from '#kit/grpc/transport.ts';
import type { Clock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import { Operator, ResourceEventType } from '#proto/dapr/proto/operator/v1/operator_pb.js';
import type { Relisted, Resource, ResourceChange, ResourceSource } from './source.ts';

export type OperatorSourceOptions = {
  /** To the operator, as this sidecar. */
  transport: Transport;
  namespace: string;
  podName: string;
  clock: Clock;
  log: Logger;
  signal: AbortSignal;
};

export type OperatorSource = ResourceSource & {
  /** A Configuration by name. Waits for an operator that is not there yet. */
  configuration(name: string): Promise<Configuration>;
};

type Answer = Readonly<Record<string, unknown>>;

/** The RPCs of a kind, each with the field of its messages that holds the manifests. */
type KindRpcs = {
  list?: { method: DescMethodUnary; field: string };
  changes: { method: DescMethodServerStreaming; field: string };
};

const { method } = Operator;
const rpcs: Readonly<Record<string, KindRpcs>> = {
  Component: {
    list: { method: method.listComponents, field: 'components' },
    changes: { method: method.componentUpdate, field: 'component' },
  },
  Configuration: {
    changes: { method: method.configurationUpdate, field: 'configuration' },
  },
  HTTPEndpoint: {
    list: { method: method.listHTTPEndpoints, field: 'httpEndpoints' },
    changes: { method: method.hTTPEndpointUpdate, field: 'httpEndpoints' },
  },
  MCPServer: {
    list: { method: method.listMCPServers, field: 'mcpServers' },
    changes: { method: method.mCPServerUpdate, field: 'mcpServer' },
  },
  Resiliency: {
    list: { method: method.listResiliency, field: 'resiliencies' },
    changes: { method: method.resiliencyUpdate, field: 'resiliency' },
  },
  Subscription: {
    list: { method: method.listSubscriptionsV2, field: 'subscriptions' },
    changes: { method: method.subscriptionUpdate, field: 'subscription' },
  },
  WorkflowAccessPolicy: {
    list: { method: method.listWorkflowAccessPolicy, field: 'policies' },
    changes: { method: method.workflowAccessPolicyUpdate, field: 'policy' },
  },
};

const attempts = 100;
const pauseMs = 5_000;
const attemptMs = 15_000;
const reconnectMs = 1_000;

/** Resources as the operator serves them: manifests as JSON, secrets of the cluster filled in. */
export function operatorSource(options: OperatorSourceOptions): OperatorSource {
  const { transport, namespace, podName, log } = options;
  const ask = (kind: string) => () => call(transport, listing(kind).method, { namespace, podName }, options.signal);
  const read = <T extends Resource>(kind: ResourceKind<T>, answer: Answer | undefined): Relisted<T> => {
    const all = (answer?.[listing(kind.kind).field] ?? []) as Uint8Array[];
    const resources = all.flatMap((bytes) => parse(kind, bytes, log));
    return { resources, complete: resources.length === all.length };
  };
  return {
    async list<T extends Resource>(kind: ResourceKind<T>) {
      const answer = await patiently(`${kind.plural} from the operator`, options, ask(kind.kind));
      return read(kind, answer).resources;
    },
    relist: async (kind) => read(kind, await ask(kind.kind)()),
    watch: (kind, changed, signal) => void follow(options, kind, changed, signal),
    async configuration(name) {
      const answer = await patiently(`Configuration ${name} from the operator`, options, () =>
        call(transport, method.getConfiguration, { name, namespace, podName }, options.signal),
      );
      return configuration.parse(manifest(answer?.['configuration'] as Uint8Array));
    },
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}

function listing(kind: string) {
  const found = rpcs[kind]?.list;
  if (found === undefined) throw new Error(`the operator lists no ${kind}`);
  return found;
}

/** Keeps the stream of a kind open: a new one may have missed something, so it counts as a change. */
async function follow<T extends Resource>(
  { transport, namespace, podName, clock, log }: OperatorSourceOptions,
  kind: ResourceKind<T>,
  changed: (change?: ResourceChange<T>) => void,
  signal: AbortSignal,
): Promise<void> {
  const { method, field } = rpcs[kind.kind]!.changes;
  while (!signal.aborted) {
    try {
      const updates = transport.serverStream(method, { namespace, podName } as Answer, { signal });
      changed();
      for await (const update of updates) {
        const { type, [field]: bytes } = update as unknown as Answer;
        const [resource] = parse(kind, bytes as Uint8Array, log);
        if (resource) changed({ type: type === ResourceEventType.DELETED ? 'delete' : 'put', resource });
      }
    } catch (thrown) {
      if (signal.aborted || (thrown instanceof StatusError && thrown.code === grpcCode.UNIMPLEMENTED)) return;
      log.debug(`The stream of ${kind.kind} updates broke, opening it again: ${toFault(thrown).message}`);
    }
    await clock.pause(reconnectMs, signal);
  }
}

const call = (transport: Transport, method: DescMethodUnary, request: Answer, signal: AbortSignal) =>
  transport.unary(method, request, { signal, timeoutMs: attemptMs }) as Promise<unknown> as Promise<Answer>;

/**
 * Asks until there is an answer, every 5 s and 100 times at most. An operator too old to know the method has no such
 * resources; one that refuses this sidecar will not change its mind.
 */
async function patiently(
  what: string,
  { clock, log, signal }: OperatorSourceOptions,
  ask: () => Promise<Answer>,
): Promise<Answer | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (thrown) {
      const code = thrown instanceof StatusError ? thrown.code : undefined;
      if (code === grpcCode.UNIMPLEMENTED) return undefined;
      const { message } = toFault(thrown);
      if (signal.aborted || attempt === attempts || code === grpcCode.PERMISSION_DENIED) {
        throw fault('unavailable', `cannot get ${what}: ${message}`, { cause: thrown });
      }
      log.warn(`Cannot get ${what} yet, trying again: ${message}`);
      await clock.pause(pauseMs, signal);
    }
  }
}

function parse<T>(kind: ResourceKind<T>, bytes: Uint8Array, log: Logger): T[] {
  try {
    return [kind.parse(manifest(bytes))];
  } catch (thrown) {
    log.warn(`A ${kind.kind} from the operator is left out: ${toFault(thrown).message}`);
    return [];
  }
}

function manifest(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes).toString();
  return text === '' || text === 'null' ? {} : JSON.parse(text);
}
