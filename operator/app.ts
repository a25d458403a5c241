import { Registry } from 'prom-client';
import { toFault } from '#kit/errors/fault.ts';
import { connect } from '#kit/grpc/client.ts';
import { createGrpcServer } from '#kit/grpc/server.ts';
import { startHealthServer } from '#kit/health/server.ts';
import { type HealthTargets, healthTargets } from '#kit/health/targets.ts';
import { type KubeClient, kubeClient } from '#kit/kube/client.ts';
import { connectKube, flagFirst } from '#kit/kube/connect.ts';
import { withLease } from '#kit/kube/lease.ts';
import { kubeMetrics } from '#kit/kube/metrics.ts';
import type { Running } from '#kit/lifecycle/binary.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { SpiffeId } from '#kit/pki/spiffe.ts';
import type { Security } from '#kit/security/security.ts';
import { startWorkloadSecurity } from '#kit/security/workload.ts';
import { startMetricsServer } from '#kit/telemetry/metrics-server.ts';
import type { ReportComponentsRequest } from '#proto/outrigger/operator/v1/status_pb.js';
import { operatorService } from './api/operator-service.ts';
import { secretReader } from './api/secrets.ts';
import { statusService } from './api/status-service.ts';
import { type CacheOptions, type Caches, cachesSynced, openCaches } from './caches.ts';
import type { OperatorConfig } from './config.ts';
import { releaseConversion, trustConversionWebhook } from './controllers/conversion-trust.ts';
import { lead, type Reported } from './leader.ts';
import { type Mesh, readMesh } from './mesh.ts';
import { serviceCounters } from './metrics.ts';
import { type Relay, startRelay } from './status/relay.ts';
import { openReports } from './status/reports.ts';
import { startWebhookServer } from './webhook/server.ts';

const drainMs = 5_000;
const leaseName = 'operator.dapr.io';

/** Builds the operator and runs it until the signal fires. */
export async function runOperator(config: OperatorConfig, { log, signal }: Running): Promise<void> {
  if (config.releaseDefinitions) return release(config, log);
  log.info('Dapr Operator is starting');
  await using stack = new AsyncDisposableStack();
  const targets = healthTargets();
  const ready = {
    security: targets.add('operator-security'),
    api: targets.add('operator-api-server'),
    webhook: targets.add('operator-webhook'),
    cache: targets.add('operator-cache'),
  };
  const registry = new Registry();
  stack.use(await startHealthServer(targets, config.healthz));
  if (config.metrics) stack.use(await startMetricsServer(registry, targets, config.metrics));

  const { kubeconfig, env, namespace } = config;
  const client = stack.use(kubeClient(await connectKube({ order: flagFirst, kubeconfig, env })));
  const mesh = await readMesh(client, namespace, config.configuration);
  const metrics = kubeMetrics(registry);
  const { watchNamespace, verifyMs } = config;
  const cacheOptions: CacheOptions = { client, namespace: watchNamespace, log, metrics, signal, verifyMs };
  const caches = openCaches(cacheOptions);
  for (const informer of Object.values(caches)) stack.use(informer);
  const security = await startSecurity(config, mesh, { log, signal, targets });
  ready.security.ready();

  const secrets = secretReader(client);
  const relay = config.leaderElection
    ? stack.use(openRelay(config, mesh, { client, security, log, signal }))
    : undefined;
  const desk = reportDesk(caches, relay);
  const isOperator = ({ trustDomain, ...id }: SpiffeId) =>
    trustDomain === mesh.trustDomain && id.namespace === namespace && id.appId === 'dapr-operator';
  const services = [
    operatorService({ caches, secrets, log, stopping: signal }),
    statusService({ pods: caches.pods, accept: desk.accept, isOperator }),
  ];
  const api = stack.use(await createGrpcServer({ services, log, tls: security.serverTls() }));
  await cachesSynced(caches);
  ready.cache.ready();
  await api.listen(config.api.host, config.api.port, 'the operator API');
  ready.api.ready();
  stack.use(await serveConversion(config, client, security, log));
  ready.webhook.ready();
  log.info('Dapr Operator started');

  const { reports, onLeading } = desk;
  const counters = serviceCounters(registry);
  const leader = { config, mesh, caches, cacheOptions, counters, secrets, reports, onLeading, log };
  const leading = (held: AbortSignal) => lead(leader, held);
  const election = { client, namespace, name: leaseName, identity: config.identity, log, signal };
  await (config.leaderElection ? withLease(election, leading) : leading(signal));
  await api.drain(drainMs);
}

async function release({ kubeconfig, env }: OperatorConfig, log: Logger): Promise<void> {
  using client = kubeClient(await connectKube({ order: flagFirst, kubeconfig, env }));
  await releaseConversion(client, log);
}

/** Where reports of sidecars go: into memory, to the controllers while this replica leads, by the relay to one that does. */
function reportDesk(caches: Caches, relay: Relay | undefined) {
  const reports = openReports();
  let reported: Reported | undefined;
  caches.pods.subscribe(({ type, key }) => {
    if (type !== 'deleted') return;
    reports.forget(key);
    relay?.forget(key);
  });
  return {
    reports,
    accept(report: ReportComponentsRequest): void {
      const news = reports.take(report, Date.now());
      reported?.(report.namespace, news);
      relay?.pass(report);
    },
    onLeading(listener: Reported | undefined): void {
      reported = listener;
    },
  };
}

type Shared = { log: Logger; signal: AbortSignal; targets: HealthTargets };

/** One RSA identity for both servers: not every API server takes Ed25519 from a webhook. */
function startSecurity(config: OperatorConfig, mesh: Mesh, shared: Shared): Promise<Security> {
  return startWorkloadSecurity({
    ...shared,
    keyType: 'rsa',
    sentryAddress: mesh.sentryAddress,
    controlPlaneTrustDomain: mesh.trustDomain,
    controlPlaneNamespace: config.namespace,
    namespace: config.namespace,
    appId: 'dapr-operator',
    trustAnchors: { file: config.trustAnchorsFile },
    tokenFile: config.env['DAPR_SENTRY_TOKEN_FILE'],
    kubernetes: true,
  });
}

/** Every operator listens on the same port, so that of another is ours. */
function openRelay(
  config: OperatorConfig,
  mesh: Mesh,
  { client, security, log, signal }: { client: KubeClient; security: Security; log: Logger; signal: AbortSignal },
): Relay {
  const { namespace, identity } = config;
  const tls = security.clientTls({ trustDomain: mesh.trustDomain, namespace, appId: 'dapr-operator' });
  const open = (ip: string) => connect({ target: `${ip}:${config.api.port}`, tls });
  return startRelay({ client, namespace, lease: leaseName, identity, connect: open, log, signal });
}

async function serveConversion(
  config: OperatorConfig,
  client: KubeClient,
  security: Security,
  log: Logger,
): Promise<AsyncDisposable | undefined> {
  if (!config.webhook) return undefined;
  const server = await startWebhookServer(config.webhook, security.openServerTls(), log);
  const trust = () => trustConversionWebhook(client, config.namespace, security.trustAnchors(), log);
  await trust();
  security.onRotate(() => {
    trust().catch((thrown) =>
      log.error(`The API server was not told of new trust anchors: ${toFault(thrown).message}`),
    );
  });
  return server;
}
