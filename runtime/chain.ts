import type { Context, Invoke, Operation } from './blocks/operation.ts';

/** Which door a call comes through: for stages that name things after it, never for handlers. */
export type Door = 'http' | 'grpc';

/**
 * A layer around every operation. It is asked once per operation and door at start, and answers the call to make
 * instead: `next` itself where it has nothing to do there, so that what is off costs nothing.
 */
export type Stage = (operation: Operation, next: Invoke, door: Door) => Invoke;

/** One operation behind all stages, the first outermost. */
export function compose(operation: Operation, door: Door, stages: readonly Stage[]): Invoke {
  return stages.reduceRight<Invoke>((next, stage) => stage(operation, next, door), operation.handle);
}

/** A context whose slots stages fill; doors make one per call. */
export type OpenContext = { -readonly [K in keyof Context]: Context[K] };
