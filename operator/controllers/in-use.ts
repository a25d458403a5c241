import { httpEndpoint } from '#crds/http-endpoint.ts';
import type { Kind } from '#crds/kind.ts';
import type { Condition } from '#crds/metav1.ts';
import { resiliency } from '#crds/resiliency.ts';
import { subscription } from '#crds/subscription.ts';
import type { KubeClient } from '#kit/kube/client.ts';
import type { KubeMetrics } from '#kit/kube/metrics.ts';
import { splitKey } from '#kit/kube/object.ts';
import { daprResources } from '#kit/kube/resource.ts';
import { type Clock, systemClock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { SecretReader } from '../api/secrets.ts';
import type { Caches } from '../caches.ts';
import type { DaprResource } from '../resource.ts';
import { acceptResiliency } from '../status/accept-resiliency.ts';
import { acceptSchema } from '../status/accept-schema.ts';
import type { Finding } from '../status/condition.ts';
import { inUse } from '../status/in-use.ts';
import { graceMs, type News, type Reports } from '../status/reports.ts';
import { referencesOfHttpEndpoint, type SecretReferences } from '../status/secret-references.ts';
import { type Look, startConditions } from './conditions.ts';
import { crowds } from './crowds.ts';
import { withSecrets } from './with-secrets.ts';

export type InUseOptions = {
  client: Pick<KubeClient, 'patch'>;
  caches: Pick<Caches, 'subscriptions' | 'resiliencies' | 'httpEndpoints' | 'pods'>;
  secrets: SecretReader;
  reports: Reports;
  log: Logger;
  metrics?: KubeMetrics;
  signal: AbortSignal;
  clock?: Clock;
};

export type InUseController = AsyncDisposable & {
  /** A sidecar said something new. */
  reported(namespace: string, news: News): void;
};

type InUseKind = {
  kind: Kind<unknown>;
  name: 'subscriptions' | 'resiliencies' | 'httpEndpoints';
  /** For a kind of which more can be told than its schema does. */
  accept?(object: DaprResource): Finding;
  /** For a kind that may refer to secrets. */
  secretsOf?(object: DaprResource): SecretReferences;
};

const kinds: readonly InUseKind[] = [
  { kind: subscription, name: 'subscriptions' },
  { kind: resiliency, name: 'resiliencies', accept: acceptResiliency },
  { kind: httpEndpoint, name: 'httpEndpoints', secretsOf: referencesOfHttpEndpoint },
];

/** Reports come in crowds; what they say is written once for many. */
const gatherMs = 500;
/** A new version takes so long to reach sidecars, and what they say of it the leader. */
const settleMs = 7_000;

/** Keeps Accepted and Loaded of every Subscription, Resiliency and HTTPEndpoint, and SecretsResolved of the last. */
export function startInUse(options: InUseOptions): InUseController {
  const { client, caches, log, signal, metrics, clock = systemClock } = options;
  const startedAt = clock.now();
  const controllers = kinds.map(({ kind, name, secretsOf, accept = (object) => acceptSchema(kind, object) }) => ({
    kind: kind.kind,
    controller: startConditions({
      ...{ client, log, signal, clock, resource: daprResources[name], informer: caches[name] },
      async look(object) {
        const seen = look(options, kind, object, accept(object), clock.now() - startedAt < graceMs);
        return secretsOf ? withSecrets(seen, secretsOf(object), object, options.secrets) : seen;
      },
      ...(metrics && { metrics: metrics.queue(daprResources[name].plural) }),
    }),
  }));
  const againAll = (namespace?: string): void => {
    for (const { controller } of controllers) controller.againAll(namespace);
  };
  const recount = crowds(clock, signal, againAll);
  const unsubscribe = caches.pods.subscribe(({ key }) => recount(splitKey(key).namespace));
  void clock.pause(graceMs, signal).then(() => againAll());
  return {
    reported(namespace, { moreKinds, resources }) {
      if (moreKinds) recount(namespace);
      for (const { kind, name } of resources)
        controllers.find((one) => one.kind === kind)?.controller.again(`${namespace}/${name}`, gatherMs);
    },
    async [Symbol.asyncDispose]() {
      unsubscribe();
      for (const { controller } of controllers) await controller[Symbol.asyncDispose]();
    },
  };
}

type Status = { observedGeneration?: number; conditions?: readonly Condition[] };

const unheard: Finding = {
  type: 'Loaded',
  status: 'Unknown',
  reason: 'NoSidecars',
  message: 'no sidecar that says what it uses is meant to use it',
};

function look(
  { caches, reports }: InUseOptions,
  kind: Kind<unknown>,
  object: DaprResource,
  accepted: Finding,
  inGrace: boolean,
): Look {
  const { namespace, generation } = object.metadata;
  const { finding, allTell } = inUse(kind.kind, object, accepted, caches.pods.list(namespace), reports);
  if (finding?.status === 'False') return { findings: [accepted, finding] };
  const before = (object.status ?? {}) as Status;
  const told = before.conditions?.some(({ type }) => type === 'Loaded') ?? false;
  // A new leader has heard of few yet: what the last one wrote is nearer to the truth.
  if (told && inGrace && !allTell) return { findings: [accepted] };
  if (finding === undefined) return { findings: told ? [accepted, unheard] : [accepted] };
  // Nobody can have a problem yet with what nobody has seen.
  if (before.observedGeneration !== generation) return { findings: [accepted], againAfterMs: settleMs };
  return { findings: [accepted, finding] };
}
