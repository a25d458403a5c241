import { type FSWatcher, watch } from 'node:fs';

export type WatchOptions = {
  /** Changes that come close together are told once, this long after the first of them. */
  settleMs: number;
  signal: AbortSignal;
};

/** How often a directory that cannot be watched (missing, replaced) is tried again. */
const retryMs = 1_000;

/**
 * Calls back when anything in the directories changes, atomic symlink swaps of Kubernetes volumes included. A directory
 * that is missing or goes away is picked up again when it is there, which counts as a change. Ends with its signal.
 */
export function watchDirectories(directories: readonly string[], changed: () => void, options: WatchOptions): void {
  let settle: NodeJS.Timeout | undefined;
  const touch = () => {
    if (options.signal.aborted || settle !== undefined) return;
    settle = setTimeout(() => {
      settle = undefined;
      changed();
    }, options.settleMs);
  };
  options.signal.addEventListener('abort', () => clearTimeout(settle), { once: true });
  for (const directory of new Set(directories)) keepWatching(directory, touch, options.signal);
}

function keepWatching(directory: string, touch: () => void, signal: AbortSignal): void {
  let retry: NodeJS.Timeout | undefined;
  const again = (watcher?: FSWatcher) => {
    watcher?.close();
    if (signal.aborted) return;
    retry = setTimeout(() => start(true), retryMs);
    retry.unref();
  };
  const start = (isRetry: boolean) => {
    if (signal.aborted) return;
    try {
      const watcher = watch(directory, { persistent: false, signal }, (event, name) => {
        touch();
        if (event === 'rename' && name === null) again(watcher);
      });
      watcher.on('error', () => again(watcher));
      if (isRetry) touch();
    } catch {
      again();
    }
  };
  signal.addEventListener('abort', () => clearTimeout(retry), { once: true });
  start(false);
}
