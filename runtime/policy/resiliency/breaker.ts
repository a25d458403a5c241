import { fault } from '#kit/errors/fault.ts';

export type BreakerState = 'closed' | 'half-open' | 'open';

/** What has happened since the counts were last cleared. */
export type BreakerCounts = {
  requests: number;
  totalSuccesses: number;
  totalFailures: number;
  consecutiveSuccesses: number;
  consecutiveFailures: number;
};

/** Times in ms. */
export type BreakerSettings = {
  name: string;
  /** Calls let through while half open; that many successes in a row close it. */
  maxRequests: number;
  /** How often the counts are cleared while closed; 0 never. */
  intervalMs: number;
  /** How long it stays open before it lets calls try again. */
  timeoutMs: number;
  trip(counts: BreakerCounts): boolean;
};

export type Breaker = {
  state(): BreakerState;
  /**
   * Asks to make a call; answers the function that takes its outcome. Throws `circuit-open` while open, and
   * `circuit-busy` while half open with enough calls under way.
   */
  enter(): (succeeded: boolean) => void;
};

/** Dapr's trip rule where none is given. */
export const defaultTrip = (counts: BreakerCounts): boolean => counts.consecutiveFailures > 5;

const none: BreakerCounts = {
  requests: 0,
  totalSuccesses: 0,
  totalFailures: 0,
  consecutiveSuccesses: 0,
  consecutiveFailures: 0,
};

/**
 * A circuit breaker: closed, it counts outcomes and opens when they trip it; open, it refuses; after its timeout it lets
 * a few calls try, and closes or opens again by what they find. `onChange` is told of every change of state.
 */
export function createBreaker(
  settings: BreakerSettings,
  now: () => number,
  onChange: (from: BreakerState, to: BreakerState) => void = () => {},
): Breaker {
  let state: BreakerState = 'closed';
  let counts: BreakerCounts = { ...none };
  let generation = 0;
  let expires = settings.intervalMs > 0 ? now() + settings.intervalMs : 0;

  const change = (next: BreakerState): void => {
    const before = state;
    state = next;
    renew();
    if (before !== next) onChange(before, next);
  };
  const renew = (): void => {
    generation += 1;
    counts = { ...none };
    if (state === 'closed') expires = settings.intervalMs > 0 ? now() + settings.intervalMs : 0;
    else expires = state === 'open' ? now() + settings.timeoutMs : 0;
  };
  const settle = (): BreakerState => {
    if (expires > 0 && now() >= expires) {
      if (state === 'closed') renew();
      else if (state === 'open') change('half-open');
    }
    return state;
  };
  const record = (succeeded: boolean): void => {
    if (succeeded) {
      counts = {
        ...counts,
        totalSuccesses: counts.totalSuccesses + 1,
        consecutiveSuccesses: counts.consecutiveSuccesses + 1,
        consecutiveFailures: 0,
      };
      if (state === 'half-open' && counts.consecutiveSuccesses >= settings.maxRequests) change('closed');
      return;
    }
    counts = {
      ...counts,
      totalFailures: counts.totalFailures + 1,
      consecutiveFailures: counts.consecutiveFailures + 1,
      consecutiveSuccesses: 0,
    };
    if (state === 'half-open' || (state === 'closed' && settings.trip(counts))) change('open');
  };

  return {
    state: settle,
    enter() {
      const current = settle();
      if (current === 'open') throw fault('circuit-open', 'circuit breaker is open');
      if (current === 'half-open' && counts.requests >= settings.maxRequests)
        throw fault('circuit-busy', 'too many requests');
      counts = { ...counts, requests: counts.requests + 1 };
      const entered = generation;
      return (succeeded) => {
        settle();
        if (entered === generation) record(succeeded);
      };
    },
  };
}
