import type { Middleware, MiddlewareRequest, MiddlewareResponse, Next } from '#contracts/middleware.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { Loaded } from '../registry.ts';

/** One step of a pipeline, as `spec.httpPipeline` names it. */
export type PipelineStep = { name: string; type: string; version?: string | undefined };

/** Runs a request through the steps and then `last`. */
export type Pipeline = (request: MiddlewareRequest, last: Next, signal: AbortSignal) => Promise<MiddlewareResponse>;

/**
 * The pipeline of a Configuration, first step outermost; undefined without steps. Components are looked up for each
 * request, so that they may come and go; a step whose component is not loaded is left out.
 */
export function createPipeline(
  steps: readonly PipelineStep[],
  loaded: ReadonlyMap<string, Loaded<Middleware>>,
  log: Logger,
): Pipeline | undefined {
  if (steps.length === 0) return undefined;
  const find = (step: PipelineStep): Middleware | undefined => {
    const found = loaded.get(step.name);
    return found && isMeant(found, step) ? found.component : undefined;
  };
  for (const step of steps)
    if (!find(step))
      log.warn(`HTTP middleware ${step.name} (${step.type}) of the Configuration is not loaded: left out`);
  return (request, last, signal) => {
    const run = (at: number, current: MiddlewareRequest): Promise<MiddlewareResponse> => {
      const step = steps[at];
      if (step === undefined) return last(current);
      const middleware = find(step);
      return middleware ? middleware.handle(current, (next) => run(at + 1, next), signal) : run(at + 1, current);
    };
    return run(0, request);
  };
}

function isMeant({ type, version }: Loaded<Middleware>, step: PipelineStep): boolean {
  const own = step.version === undefined || step.version === '' ? 'v1' : step.version;
  return type.toLowerCase() === step.type.toLowerCase() && (version || 'v1').toLowerCase() === own.toLowerCase();
}
