import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Registry } from 'prom-client';
import { fault, toFault } from '#kit/errors/fault.ts';
import { watchDirectories } from '#kit/files/watch.ts';
import { startHealthServer } from '#kit/health/server.ts';
import { type HealthTargets, healthTargets } from '#kit/health/targets.ts';
import type { KubeClient } from '#kit/kube/client.ts';
import { clusterDomain } from '#kit/kube/cluster-domain.ts';
import type { Running } from '#kit/lifecycle/binary.ts';
import { untilAborted } from '#kit/lifecycle/until-aborted.ts';
import type { Security } from '#kit/security/security.ts';
import type { SvidSource } from '#kit/security/svid.ts';
import { startMetricsServer } from '#kit/telemetry/metrics-server.ts';
import type { OidcServer } from './api/oidc.ts';
import { type CurrentAuthority, openAuthority } from './ca/current.ts';
import { fileStore } from './ca/file-store.ts';
import { kubernetesStore } from './ca/kubernetes-store.ts';
import type { SentryConfig } from './config.ts';
import { type SentryMetrics, sentryMetrics } from './metrics.ts';
import { watchSettings } from './watch-settings.ts';

/** How long the directories of the credentials must be still before they are read again. */
const settleMs = 2_000;
/** How long calls under way may take after the signal. */
const drainMs = 5_000;

type Context = Pick<Running, 'log' | 'signal'> & {
  config: SentryConfig;
  targets: HealthTargets;
  metrics: SentryMetrics;
};

/** Runs sentry until its signal fires. */
export async function runSentry(config: SentryConfig, { log, signal }: Running): Promise<void> {
  await using running = new AsyncDisposableStack();
  const targets = healthTargets();
  const serving = targets.add('sentry-server');
  const registry = new Registry();
  const context: Context = { config, targets, metrics: sentryMetrics(registry), log, signal };
  running.use(await startHealthServer(targets, config.healthz));
  if (config.metrics) running.use(await startMetricsServer(registry, targets, config.metrics));

  const client = config.mode === 'kubernetes' ? running.use(await openKube(config)) : undefined;
  const settings = await watchSettings({ ...context, client });
  const store = storeOf(context, client);
  const current = await openAuthority({ ...context, settings: settings.current, store });
  const { createGrpcServer, openAttestors, signService, startSecurity } = await loadServing();
  const security = await startSecurity({ ...context, anchors: current.anchors, source: ownSource(context, current) });
  const attestors = running.use(await openAttestors({ ...context, settings: settings.current(), client }));
  const sign = { ...context, ...attestors, authority: current.authority, namespace: config.namespace };
  const services = [signService({ ...sign, clusterDomain: await domainOf(config) })];
  const server = running.use(
    await createGrpcServer({ log, tls: { ...security.openServerTls(), brief: true }, services }),
  );
  const oidc = await openOidc(context, current);
  if (oidc) running.use(oidc);
  keepReloading(context, current, security, oidc);

  const port = await server.listen(config.api.host, config.api.port, 'the gRPC API');
  log.info(`Running gRPC server on port ${port}`);
  serving.ready();
  await untilAborted(signal);
  serving.notReady();
  await server.drain(drainMs);
}

async function openKube({ kubeconfig, env }: SentryConfig): Promise<KubeClient> {
  const [{ kubeClient }, { connectKube, inClusterFirst }] = await Promise.all([
    import('#kit/kube/client.ts'),
    import('#kit/kube/connect.ts'),
  ]);
  return kubeClient(await connectKube({ order: inClusterFirst, kubeconfig, env }));
}

function storeOf({ config, log }: Context, client: KubeClient | undefined) {
  return client ? kubernetesStore(client, config.namespace, config.credentials, log) : fileStore(config.credentials);
}

/** What serving takes, loaded once the credentials have proved good: bad ones are told sooner. */
async function loadServing() {
  const [server, sign, attest, security] = await Promise.all([
    import('#kit/grpc/server.ts'),
    import('./api/sign.ts'),
    import('./attest/open.ts'),
    import('#kit/security/security.ts'),
  ]);
  return { ...server, ...sign, ...attest, ...security };
}

/** Sentry's own certificate, which it signs itself and renews as everybody does. */
function ownSource({ config, metrics }: Context, current: CurrentAuthority): SvidSource {
  const { trustDomain, namespace } = config;
  const identity = { id: { trustDomain, namespace, appId: 'dapr-sentry' } };
  return async ({ csrPem }) => {
    try {
      return current.authority.sign(csrPem, identity);
    } catch (thrown) {
      metrics.serverCertificateFailed('ca_error');
      throw thrown;
    }
  };
}

/** The last part of service names: from the pod's resolver in Kubernetes, else the trust domain. */
async function domainOf({ mode, trustDomain }: SentryConfig): Promise<string> {
  if (mode !== 'kubernetes') return trustDomain;
  return clusterDomain(await readFile('/etc/resolv.conf', 'utf8').catch(() => '')) ?? trustDomain;
}

async function openOidc({ config, targets, log }: Context, current: CurrentAuthority): Promise<OidcServer | undefined> {
  if (!config.oidc) return undefined;
  const jwt = () => {
    const key = current.jwt();
    if (!key) throw fault('internal', 'the OIDC server has no JWT key');
    return key;
  };
  const { startOidcServer } = await import('./api/oidc.ts');
  const server = await startOidcServer({ config: config.oidc, jwt, issuer: config.jwt?.issuer ?? '', targets });
  log.info(`Running OIDC server on port ${server.port}`);
  return server;
}

/** Takes new credentials into use when their directories change; ports stay open and calls under way go on. */
function keepReloading(context: Context, current: CurrentAuthority, security: Security, oidc: OidcServer | undefined) {
  const { config, log, signal } = context;
  const reload = async () => {
    try {
      if (await current.reload()) await security.renew();
      await oidc?.reload();
    } catch (thrown) {
      log.error(`Changed credentials cannot be used, keeping the last ones: ${toFault(thrown).message}`);
    }
  };
  const files = [...Object.values(config.credentials), ...Object.values(config.oidc?.tls ?? {})];
  watchDirectories(
    files.map((file) => path.dirname(file)),
    () => void reload(),
    { settleMs, signal },
  );
}
