import type { Configuration } from '#crds/configuration.ts';
import type { Logger } from '#kit/log/logger.ts';
import { middlewareKind } from '../blocks/middleware/kind.ts';
import { createPipeline, type Pipeline } from '../middleware/pipeline.ts';
import type { Registry } from '../registry.ts';

/** Middleware of requests to the sidecar, and to the app; undefined where the Configuration names none. */
export type Pipelines = { server: Pipeline | undefined; app: Pipeline | undefined };

/** Middleware is looked up in the registry for each request, so that a replaced one is used at once. */
export function startPipelines({ spec }: Configuration, registry: Registry, log: Logger): Pipelines {
  const loaded = registry.of(middlewareKind);
  const scoped = log.scoped('dapr.middleware.http');
  const pipeline = (named: typeof spec.httpPipeline) => createPipeline(named?.handlers ?? [], loaded, scoped);
  return { server: pipeline(spec.httpPipeline), app: pipeline(spec.appHttpPipeline) };
}
