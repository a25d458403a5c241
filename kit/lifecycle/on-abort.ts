/**
 * Calls `listener` when the signal fires, unless the function it answers is called first. Calls hold that function, and not
 * their listener: V8 puts a function that is made in an assignment to a property into old space, and with it all it holds,
 * the whole of each request (bench/README.md).
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}
