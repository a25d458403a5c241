import { fault, toFault } from '#kit/errors/fault.ts';
import { type ControlPlaneConfig, controlPlaneConfig, type ListenAt } from '#kit/flags/control-plane.ts';
import type { ParsedFlags } from '#kit/flags/parse.ts';
import { parseDuration } from '#kit/values/duration.ts';
import type { Flags } from './flags.ts';

/** Everything the operator is told when it starts, besides its Configuration. */
export type OperatorConfig = ControlPlaneConfig & {
  /** Own namespace, which is the control plane's. */
  namespace: string;
  /** Name in the Lease: the pod's, made unique by the process. */
  identity: string;
  configuration: string;
  api: ListenAt;
  /** Absent when conversion is off (`ENABLE_WEBHOOKS=false`). */
  webhook: ListenAt | undefined;
  trustAnchorsFile: string;
  /** Empty watches every namespace. */
  watchNamespace: string;
  /** Absent when the watchdog is off. */
  watchdog: WatchdogConfig | undefined;
  leaderElection: boolean;
  services: { enabled: boolean; rollouts: boolean };
  /** Milliseconds between comparisons of the caches with the API server. */
  verifyMs: number;
  /** Only hand the CustomResourceDefinitions back and end. */
  releaseDefinitions: boolean;
  kubeconfig: string;
  env: Env;
};

export type WatchdogConfig = {
  /** Absent runs once. */
  everyMs: number | undefined;
  /** Infinity for no limit. */
  restartsPerMinute: number;
  mayLabel: boolean;
};

type Env = Readonly<Record<string, string | undefined>>;
type Values = ParsedFlags<Flags>['values'];

const defaultVerifyMs = 600_000;

/** Flags and environment to configuration. Throws `invalid-config` naming the flag or variable that is wrong. */
export function configure({ values }: ParsedFlags<Flags>, env: Env): OperatorConfig {
  const namespace = env['NAMESPACE'];
  if (!namespace) throw fault('invalid-config', 'NAMESPACE is not set: it names the own namespace');
  const watchdog = watchdogConfig(values);
  return {
    ...controlPlaneConfig(values),
    namespace,
    identity: `${env['POD_NAME'] || 'operator'}_${crypto.randomUUID()}`,
    configuration: values.config,
    api: { host: values['listen-address'], port: values.port },
    webhook:
      env['ENABLE_WEBHOOKS']?.toLowerCase() === 'false'
        ? undefined
        : { host: values['webhook-server-listen-address'], port: values['webhook-server-port'] },
    trustAnchorsFile: values['trust-anchors-file'],
    watchNamespace: values['watch-namespace'],
    watchdog,
    // Two watchdogs at once would delete twice as many pods as allowed.
    leaderElection: !values['disable-leader-election'] || watchdog !== undefined,
    services: {
      enabled: !values['disable-service-reconciler'],
      rollouts: values['enable-argo-rollout-service-reconciler'],
    },
    verifyMs: values['cache-sync-period'] || defaultVerifyMs,
    releaseDefinitions: values['release-definitions'],
    kubeconfig: values.kubeconfig,
    env,
  };
}

const off = new Set(['0', 'false', 'f', 'no', 'off']);

function watchdogConfig(values: Values): WatchdogConfig | undefined {
  const text = values['watch-interval'].toLowerCase();
  if (off.has(text)) return undefined;
  const limit = values['max-pod-restarts-per-minute'];
  return {
    everyMs: text === 'once' ? undefined : watchInterval(text),
    restartsPerMinute: limit > 0 ? limit : Number.POSITIVE_INFINITY,
    mayLabel: values['watchdog-can-patch-pod-labels'],
  };
}

function watchInterval(text: string): number {
  try {
    const ms = parseDuration(text);
    if (ms >= 1_000) return ms;
  } catch (cause) {
    throw fault('invalid-config', `--watch-interval: ${toFault(cause).message}`, { cause });
  }
  throw fault('invalid-config', `--watch-interval=${text}: must be 0, once, or at least 1s`);
}
