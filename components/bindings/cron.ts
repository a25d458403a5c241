import { z } from 'zod';
import type { Binding } from '#contracts/binding.ts';
import { defineComponent, type OpenContext } from '#contracts/component.ts';
import { text } from '#contracts/settings.ts';
import { fault } from '#kit/errors/fault.ts';
import type { Logger } from '#kit/log/logger.ts';
import { parseDuration } from '#kit/values/duration.ts';

export const component = defineComponent({
  type: 'bindings.cron',
  versions: ['v1'],
  title: 'Cron',
  description:
    'Calls the app by a schedule, in each of its replicas. A failed call is not repeated before its next time.',
  settings: z.object({
    schedule: text('Cron with an optional seconds field, "@every 15s", or a macro such as @daily.', {
      example: '@every 15m',
    }),
  }),
  open: ({ schedule }, { name, log }: OpenContext) => openCron(schedule, name, log),
});

type Fire = () => void;

/** Throws `invalid-metadata` for a schedule that cannot be read. */
export async function openCron(schedule: string, name: string, log: Logger): Promise<Binding> {
  const start = await scheduler(schedule);
  const stops = new Set<() => void>();
  return {
    async read(handler, signal) {
      const fire = () => {
        const metadata = { timeZone: 'Local', readTimeUTC: goTime(new Date()) };
        handler({ data: new Uint8Array(), metadata }, signal).catch((error: Error) =>
          log.debug(`binding ${name}: the app failed: ${error.message}`),
        );
      };
      const stop = start(fire);
      stops.add(stop);
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
    },
    async [Symbol.asyncDispose]() {
      for (const stop of stops) stop();
    },
  };
}

/** What starts the schedule and answers how to stop it. */
async function scheduler(schedule: string): Promise<(fire: Fire) => () => void> {
  const [, every] = /^@every\s+(.+)$/.exec(schedule.trim()) ?? [];
  try {
    if (every !== undefined) {
      const ms = Math.max(1_000, Math.floor(parseDuration(every) / 1_000) * 1_000);
      return (fire) => {
        const timer = setInterval(fire, ms);
        return () => clearInterval(timer);
      };
    }
    const { Cron } = await import('croner');
    const [, timezone, fields] = /^(?:(?:CRON_)?TZ=(\S+)\s+)?(.+)$/.exec(schedule.trim()) ?? [];
    const pattern = (fields ?? '').replaceAll('?', '*');
    const options = timezone === undefined ? {} : { timezone };
    new Cron(pattern, { ...options, paused: true }).stop();
    return (fire) => {
      const job = new Cron(pattern, options, fire);
      return () => job.stop();
    };
  } catch (cause) {
    throw fault('invalid-metadata', `invalid schedule format '${schedule}': ${(cause as Error).message}`, { cause });
  }
}

const goTime = (time: Date): string => `${time.toISOString().replace('T', ' ').replace('Z', '')} +0000 UTC`;
