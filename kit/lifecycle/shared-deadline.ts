/**
 * Signals for many pieces of work that may take `ms` each: what begins at nearly the same time shares one, as a signal and
 * a timer for each would cost more than the work. A signal fires `ms` to 17/16 of `ms` after it was asked for, or when
 * `ends` does.
 */
export function sharedDeadline(ms: number, ends: AbortSignal): () => AbortSignal {
  const live = new Set<AbortController>();
  const step = ms / 16;
  let current: AbortController | undefined;
  let until = 0;
  ends.addEventListener(
    'abort',
    () => {
      for (const one of live) one.abort(ends.reason);
    },
    { once: true },
  );
  const next = (now: number): AbortController => {
    const made = new AbortController();
    if (ends.aborted) made.abort(ends.reason);
    live.add(made);
    until = now + step;
    setTimeout(() => {
      live.delete(made);
      made.abort(new Error(`it took longer than ${ms} ms`));
    }, ms + step).unref();
    return made;
  };
  return () => {
    const now = performance.now();
    if (current === undefined || now >= until) current = next(now);
    return current.signal;
  };
}
