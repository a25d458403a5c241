import { access, readFile } from 'node:fs/promises';
import { Registry } from 'prom-client';
import { startHealthServer } from '#kit/health/server.ts';
import { healthTargets } from '#kit/health/targets.ts';
import { kubeClient } from '#kit/kube/client.ts';
import { clusterDomain } from '#kit/kube/cluster-domain.ts';
import { connectKube, inClusterFirst } from '#kit/kube/connect.ts';
import { kubeTransport } from '#kit/kube/transport.ts';
import type { Running } from '#kit/lifecycle/binary.ts';
import { systemClock } from '#kit/lifecycle/clock.ts';
import { startWorkloadSecurity } from '#kit/security/workload.ts';
import { startMetricsServer } from '#kit/telemetry/metrics-server.ts';
import { authorizer } from './access/authorize.ts';
import { keepCaBundle } from './cluster/ca-bundle.ts';
import { hasNativeSidecars } from './cluster/native-sidecars.ts';
import type { InjectorConfig } from './config.ts';
import { injectorMetrics } from './metrics.ts';
import { settingsSource } from './settings-source.ts';
import { admitter } from './webhook/admit.ts';
import { webhookHandler } from './webhook/handler.ts';
import { startWebhookServer } from './webhook/server.ts';

/** Runs the injector until the signal fires and open requests are answered. */
export async function run(config: InjectorConfig, { log, signal }: Running): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  const targets = healthTargets();
  const [serving, webhookConfiguration] = [targets.add('injector-service'), targets.add('webhook-configuration')];
  const registry = new Registry();
  const metrics = injectorMetrics(registry);
  if (config.metrics) stack.use(await startMetricsServer(registry, targets, config.metrics));
  stack.use(await startHealthServer(targets, config.healthz));

  const authorized = authorizer(config.serviceAccounts);
  const connection = await connectKube({ order: inClusterFirst, kubeconfig: config.kubeconfig, env: config.env });
  const transport = stack.use(kubeTransport(connection));
  const client = kubeClient(connection, transport);
  const domain = config.clusterDomain ?? clusterDomain(await readIfThere('/etc/resolv.conf')) ?? 'cluster.local';
  const [nativeSidecars, security, identityToken] = await Promise.all([
    config.nativeSidecars ?? hasNativeSidecars(transport, log, signal),
    identity(config, domain, { log, signal, targets }),
    hasToken(),
  ]);
  const settings = settingsSource({
    config,
    client,
    security,
    clusterDomain: domain,
    nativeSidecars,
    identityToken,
    log,
  });
  const admit = admitter({ authorized, settings, metrics, log });
  const handler = webhookHandler({ admit, took: (seconds) => metrics.took(seconds) });
  const server = stack.use(await startWebhookServer(handler, security, config.webhook));
  serving.ready();
  log.info(`Sidecar injector is listening on port ${server.port}, patching Dapr-enabled pods`, { nativeSidecars });

  const caBundle = keepCaBundle({
    client,
    pem: () => security.trustAnchors(),
    ready: webhookConfiguration,
    log,
    clock: systemClock,
    signal,
  });
  security.onRotate(() => caBundle.changed());
  await ended;
  await caBundle.done;
}

type IdentityContext = Pick<Parameters<typeof startWorkloadSecurity>[0], 'log' | 'signal' | 'targets'>;

/** An RSA key, as an API server may take no other. */
const identity = (config: InjectorConfig, domain: string, context: IdentityContext) =>
  startWorkloadSecurity({
    ...context,
    sentryAddress: config.sentryAddress ?? `dapr-sentry.${config.namespace}.svc.${domain}:443`,
    controlPlaneTrustDomain: config.trustDomain,
    controlPlaneNamespace: config.namespace,
    namespace: config.namespace,
    appId: 'dapr-injector',
    trustAnchors: { file: config.trustAnchorsFile },
    tokenFile: config.env['DAPR_SENTRY_TOKEN_FILE'],
    kubernetes: true,
    keyType: 'rsa',
  });

/** Where no tokens are issued to us, none will be to sidecars. */
async function hasToken(): Promise<boolean> {
  const places = ['/var/run/secrets/dapr.io/sentrytoken/token', '/var/run/secrets/kubernetes.io/serviceaccount/token'];
  const found = await Promise.all(places.map((file) => access(file).then(yes, no)));
  return found.includes(true);
}

const yes = () => true;
const no = () => false;
const readIfThere = (file: string) => readFile(file, 'utf8').catch(() => '');
