import type { HealthTargets } from '#kit/health/targets.ts';
import type { KubeClient } from '#kit/kube/client.ts';
import type { Logger } from '#kit/log/logger.ts';
import { formatSpiffeId } from '#kit/pki/spiffe.ts';
import { SignCertificateRequest_TokenValidator as Validator } from '#proto/dapr/proto/sentry/v1/sentry_pb.js';
import type { SentryConfig } from '../config.ts';
import type { Settings } from '../settings.ts';
import type { Attestor } from './attestor.ts';
import { insecureAttestor } from './insecure.ts';

export type Attestors = AsyncDisposable & {
  attestors: ReadonlyMap<number, Attestor>;
  /** Takes the place of UNKNOWN in a request. */
  defaultAttestor: Validator;
};

export type OpenAttestorsOptions = {
  config: Pick<SentryConfig, 'namespace' | 'trustDomain'>;
  settings: Pick<Settings, 'jwks'>;
  /** In Kubernetes. */
  client: KubeClient | undefined;
  targets: HealthTargets;
  log: Logger;
  signal: AbortSignal;
};

/**
 * Opens the attestors that the mode and the Configuration enable: Kubernetes in Kubernetes, JWKS where it is
 * configured, insecure only in standalone mode with nothing configured.
 */
export async function openAttestors(options: OpenAttestorsOptions): Promise<Attestors> {
  const { config, settings, client, targets, log, signal } = options;
  const { namespace, trustDomain } = config;
  const sentryId = formatSpiffeId({ trustDomain, namespace, appId: 'dapr-sentry' });
  const attestors = new Map<number, Attestor>();
  await using opened = new AsyncDisposableStack();
  if (client) {
    const target = targets.add('sentry-kubernetes-validator');
    const [{ openCluster }, { kubernetesAttestor }] = await Promise.all([
      import('./cluster.ts'),
      import('./kubernetes.ts'),
    ]);
    const cluster = opened.use(
      await openCluster({ client, log: log.scoped('dapr.sentry.identity.kubernetes'), signal }),
    );
    const plane = { controlPlaneNamespace: namespace, controlPlaneTrustDomain: trustDomain };
    attestors.set(Validator.KUBERNETES, kubernetesAttestor({ cluster, sentryId, ...plane }));
    target.ready();
  }
  if (settings.jwks) {
    const target = targets.add('sentry-jwks-validator');
    const [{ openKeySource }, { jwksAttestor }] = await Promise.all([import('./key-source.ts'), import('./jwks.ts')]);
    const keys = await openKeySource(settings.jwks, { log: log.scoped('dapr.sentry.identity.jwks'), signal });
    attestors.set(Validator.JWKS, jwksAttestor({ keys, sentryId, now: () => new Date() }));
    target.ready();
  }
  if (attestors.size === 0) attestors.set(Validator.INSECURE, insecureAttestor);
  for (const kind of attestors.keys()) log.info(`Using validator '${Validator[kind]?.toLowerCase()}'`);
  const rest = opened.move();
  return {
    attestors,
    defaultAttestor: defaultOf(attestors),
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}

function defaultOf(attestors: ReadonlyMap<number, Attestor>): Validator {
  if (attestors.has(Validator.KUBERNETES)) return Validator.KUBERNETES;
  return attestors.has(Validator.INSECURE) ? Validator.INSECURE : Validator.UNKNOWN;
}
