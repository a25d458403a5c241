import { silentLogger } from '#kit/log/logger.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { openCron } from './cron.ts';

describe('bindings.cron', () => {
  it.each(['@every 1s', '* * * * * *'])('fires by %s until its reading is aborted', async (schedule) => {
    const stop = new AbortController();
    await using binding = await openCron(schedule, 'tick', silentLogger);
    const metadata: unknown[] = [];
    await binding.read!(async (event) => {
      metadata.push(event.metadata);
      return undefined;
    }, stop.signal);
    await eventually(() => expect(metadata.length).toBeGreaterThan(0));
    stop.abort();
    expect(metadata[0]).toEqual({ timeZone: 'Local', readTimeUTC: expect.stringMatching(/^\d{4}-.* \+0000 UTC$/) });
  });

  it.each(['@daily', '0 30 * * * *', '15 * * * *', '0 0 ? * MON', 'TZ=Europe/Rome 0 6 * * *'])(
    'reads %s',
    async (schedule) => {
      await using binding = await openCron(schedule, 'tick', silentLogger);
      expect(binding.invoke).toBeUndefined();
    },
  );

  it.each(['', 'soon', '* * *', '@every', '@every day'])('refuses %p', async (schedule) => {
    await expect(openCron(schedule, 'tick', silentLogger)).rejects.toThrow('invalid schedule format');
  });
});
