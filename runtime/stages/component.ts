import type { Context, Invoke } from '../blocks/operation.ts';
import type { OpenContext, Stage } from '../chain.ts';
import type { Guard, Observe, Registry } from '../registry.ts';

/**
 * Finds the component a request names and hands it to the handler, under its resiliency policy and its metrics.
 * A component without either costs one map look-up.
 */
export function componentStage(registry: Registry, appId: string): Stage {
  return (operation, next, door) => {
    const use = operation.component;
    if (use === undefined) return next;
    const loadedByName = registry.of(use.kind);
    // As in Dapr, only HTTP callers are told whose sidecar it is.
    const toldId = door === 'http' ? appId : '';
    const unary = operation.method.methodKind === 'unary';
    const guarded = unary && use.guardsItself !== true;
    return (request, context) => {
      const loaded = loadedByName.get(use.name(request));
      if (loaded === undefined) throw use.kind.absent(use.name(request), loadedByName.size > 0, toldId);
      (context as OpenContext).component = loaded.component;
      if (!unary) return next(request, context);
      const began = loaded.observe === undefined ? 0 : performance.now();
      const answer =
        guarded && loaded.guard ? guardedCall(loaded.guard, next, request, context) : next(request, context);
      return loaded.observe ? observed(loaded.observe, use.action, began, answer as Promise<unknown>) : answer;
    };
  };
}

function guardedCall(guard: Guard, next: Invoke, request: never, context: Context): Promise<unknown> {
  const { headers, component, jsonValues, trace } = context;
  return guard(
    (signal) => next(request, { signal, headers, component, jsonValues, trace }) as Promise<unknown>,
    context.signal,
  );
}

async function observed(observe: Observe, action: string, began: number, answer: Promise<unknown>): Promise<unknown> {
  try {
    const reply = await answer;
    observe(action, true, performance.now() - began);
    return reply;
  } catch (thrown) {
    observe(action, false, performance.now() - began);
    throw thrown;
  }
}
