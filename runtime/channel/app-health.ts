import type { Clock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { ProbeResult } from './channel.ts';

/** What the probes say of the app. */
export type AppHealth = {
  isHealthy(): boolean;
  /** Probes until the signal fires, the first at once; resolves when that one has ended. */
  start(): Promise<void>;
  /** Calls back at each change. */
  onChange(listener: (healthy: boolean) => void): void;
};

export type AppHealthOptions = {
  path: string;
  intervalMs: number;
  timeoutMs: number;
  /** Failed probes in a row that make the app unhealthy; one good probe makes it healthy. */
  threshold: number;
  probe(path: string, timeoutMs: number): Promise<ProbeResult>;
  clock: Clock;
  log: Logger;
  signal: AbortSignal;
};

/** An app counts as unhealthy until its first good probe. */
export function watchAppHealth(options: AppHealthOptions): AppHealth {
  const { clock, log, signal, threshold } = options;
  const listeners: ((healthy: boolean) => void)[] = [];
  let healthy = false;
  let failures = 0;
  const change = (next: boolean, reason: string): void => {
    if (next === healthy) return;
    healthy = next;
    if (next) log.info('App entered healthy status');
    else log.warn(`App entered un-healthy status: ${reason}`);
    for (const listener of listeners) listener(next);
  };
  const judge = ({ healthy: good, reason }: ProbeResult): void => {
    failures = good ? 0 : failures + 1;
    if (good) change(true, '');
    else if (failures >= threshold) change(false, reason);
  };
  const probe = async (): Promise<void> => judge(await options.probe(options.path, options.timeoutMs));
  const goOn = async (): Promise<void> => {
    for (;;) {
      await clock.pause(options.intervalMs, signal);
      if (signal.aborted) return;
      await probe();
    }
  };
  return {
    isHealthy: () => healthy,
    async start() {
      await probe();
      void goOn();
    },
    onChange: (listener) => void listeners.push(listener),
  };
}
