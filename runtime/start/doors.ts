import type { Configuration } from '#crds/configuration.ts';
import type { RawHandler } from '#kit/grpc/call.ts';
import type { Implementation } from '#kit/grpc/service.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { Tracing } from '#kit/telemetry/tracing/tracing.ts';
import type { Operation } from '../blocks/operation.ts';
import type { Stage } from '../chain.ts';
import type { RuntimeConfig } from '../config.ts';
import { createGrpcDoor, guardedProxy } from '../doors/grpc/door.ts';
import { withCors } from '../doors/http/cors.ts';
import { createHttpDoor } from '../doors/http/door.ts';
import type { Page } from '../doors/http/page.ts';
import { withPipeline } from '../doors/http/pipeline.ts';
import type { DoorWatch } from '../doors/served.ts';
import type { Pipeline } from '../middleware/pipeline.ts';
import { openGrpcApi, openHttpApi, openPublicApi } from '../servers.ts';
import { tokenCheck } from '../stages/api-token.ts';
import { apiLog } from '../telemetry/api-log.ts';

export type DoorsStart = {
  config: RuntimeConfig;
  configuration: Configuration;
  operations: readonly Operation[];
  stages: readonly Stage[];
  healthPages: readonly Page[];
  /** Byte pipes over HTTP. */
  pages: readonly Page[];
  /** Answers paths no route matches. */
  fallback: Page;
  /** Methods of the Dapr service that are no operations. */
  handlers: Implementation['handlers'];
  /** Serves calls of other services. */
  proxy: RawHandler;
  /** `spec.httpPipeline`; undefined without one. */
  pipeline: Pipeline | undefined;
  watch: DoorWatch;
  tracing: Tracing | undefined;
  log: Logger;
  stack: AsyncDisposableStack;
};

/** What can be drained: takes no more calls, waits for those under way. */
export type Drainable = { drain(graceMs: number): Promise<void> };

const publicOperations = new Set(['GetMetadata', 'SetMetadata']);
const nothing = { access: { allowed: [], denied: [] }, token: undefined };

/** Opens the gRPC API, then the HTTP API and the public port. */
export async function startDoors(start: DoorsStart): Promise<Drainable[]> {
  const { config, configuration, operations, stages, healthPages, pages, fallback, log, stack } = start;
  const { api } = configuration.spec;
  const common = {
    operations,
    stages,
    access: { allowed: api?.allowed ?? [], denied: api?.denied ?? [] },
    token: tokenCheck(config.api.token),
    watch: withApiLog(start),
    tracing: start.tracing,
  };
  const grpc = stack.use(
    await openGrpcApi(
      createGrpcDoor({ ...common, handlers: start.handlers }),
      guardedProxy(start.proxy, common.token, common.watch),
      config,
      log,
    ),
  );
  const door = createHttpDoor({ ...common, pages: [...healthPages, ...pages], fallback });
  const piped = withPipeline(door, start.pipeline, common.token);
  const http = stack.use(await openHttpApi(withCors(piped, config.api.allowedOrigins), config, log));
  const { publicPort } = config.api;
  if (publicPort === undefined) return [grpc, http];
  const shown = operations.filter((one) => publicOperations.has(one.method.name));
  const publicDoor = createHttpDoor({ ...nothing, operations: shown, stages, pages: healthPages, watch: {} });
  return [grpc, http, stack.use(await openPublicApi(publicDoor, config.api, publicPort, log))];
}

function withApiLog({ config, configuration, watch, log }: DoorsStart): DoorWatch {
  const spec = configuration.spec.logging?.apiLogging;
  if (!(config.api.logging ?? spec?.enabled ?? false)) return watch;
  const logged = apiLog(log, {
    obfuscateURLs: spec?.obfuscateURLs ?? false,
    omitHealthChecks: spec?.omitHealthChecks ?? false,
  });
  const { served } = watch;
  if (served === undefined) return { ...watch, served: logged };
  return {
    ...watch,
    served(call) {
      logged(call);
      served(call);
    },
  };
}
