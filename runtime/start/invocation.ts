import type { NameResolver } from '#contracts/names.ts';
import type { RawHandler } from '#kit/grpc/call.ts';
import type { PlainHandler } from '#kit/grpc/plain-request.ts';
import type { Implementation } from '#kit/grpc/service.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { Security } from '#kit/security/security.ts';
import type { Tracing } from '#kit/telemetry/tracing/tracing.ts';
import type { RuntimeConfig } from '../config.ts';
import type { Page } from '../doors/http/page.ts';
import { createDirectServer } from '../invoke/direct-server.ts';
import type { Endpoints } from '../invoke/endpoints.ts';
import { forPeers } from '../invoke/for-peers.ts';
import { createGrpcProxy } from '../invoke/grpc-proxy.ts';
import { createInvokePage } from '../invoke/http-page.ts';
import { createInternalServer } from '../invoke/internal-server.ts';
import { createInvokeService } from '../invoke/invoke-service.ts';
import { createPeers } from '../invoke/peers.ts';
import { createInvokeRouter } from '../invoke/router.ts';
import type { Authorize } from '../policy/acl/authorize.ts';
import type { Policies } from '../policy/guards.ts';
import type { InvocationWatch } from '../telemetry/invocation-metrics.ts';
import type { App } from './app-channel.ts';

export type InvocationStart = {
  config: RuntimeConfig;
  hostAddress: string;
  hostName: string;
  app: App;
  names: NameResolver | undefined;
  endpoints: Endpoints;
  policies: Policies;
  security: Security | undefined;
  /** Checks calls of other apps; undefined where all may call. */
  authorize: Authorize | undefined;
  /** Counts calls between sidecars; undefined when metrics are off. */
  metrics: InvocationWatch | undefined;
  tracing: Tracing;
  /** Whether calls of other sidecars are spans here. */
  tracesPeers: boolean;
  now(): number;
  log: Logger;
  stack: AsyncDisposableStack;
};

/** Invocation as the doors serve it. */
export type Invocation = {
  /** For the HTTP door: by path, and as its fallback by header. */
  page: Page;
  /** `InvokeService`, for the Dapr service of the gRPC door. */
  handlers: Implementation['handlers'];
  /** Calls of services that no one here serves, for the API and for other sidecars. */
  proxy: RawHandler;
  /** For the server that other sidecars call. */
  internal: Implementation;
  /** For our own sidecars, on the same port; undefined where the app does not speak HTTP. */
  direct: PlainHandler | undefined;
};

/** The port of calls between sidecars in Kubernetes, where names are all that DNS knows. */
const usualInternalPort = 50_002;

/** The router, the three ways in from the own app, and what serves other sidecars. Nothing is dialled before the first call. */
export function startInvocation(start: InvocationStart): Invocation {
  const { config, app, policies, security, authorize, tracing, log, stack } = start;
  const self = {
    appId: config.appId,
    namespace: config.namespace,
    hostAddress: start.hostAddress,
    hostName: start.hostName,
  };
  const peers = stack.use(
    createPeers({
      names: start.names,
      port: config.api.internalPort ?? usualInternalPort,
      tls: security && ((remote) => security.clientTls(remote)),
      maxReceiveBytes: config.api.maxBodyBytes || Number.MAX_SAFE_INTEGER,
      now: start.now,
    }),
  );
  stack.use(start.endpoints);
  const invokeApp = () => app.channel()?.invoke;
  const spans = start.tracesPeers ? tracing : undefined;
  const observed = { appId: config.appId, tracing: spans, watch: start.metrics };
  const served = { app: invokeApp, ...(authorize && { authorize }), around: forPeers(observed) };
  const { resolver, run } = policies;
  const router = createInvokeRouter({
    self,
    app: invokeApp,
    endpoint: start.endpoints.find,
    connect: peers.connect,
    policies: resolver,
    run,
    watch: start.metrics,
  });
  const calls = { router, run, tracing, log, maxBodyBytes: config.api.maxBodyBytes || Number.MAX_SAFE_INTEGER };
  return {
    page: createInvokePage(calls),
    handlers: createInvokeService(calls),
    proxy: createGrpcProxy({
      self,
      appToken: config.app.token || undefined,
      app: app.grpc,
      connect: peers.connect,
      ...(authorize && { authorize: (method, call) => authorize({ method, verb: '' }, call.peer) }),
      policies: resolver,
      run,
      watch: start.metrics,
      tracing: spans,
    }),
    internal: createInternalServer(served),
    direct: config.app.protocol.startsWith('grpc') ? undefined : createDirectServer(served),
  };
}
