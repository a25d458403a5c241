import { describe, expect, it } from '#kit/testing/test.ts';
import { jsonFormat, textFormat } from './format.ts';
import { createLogger } from './logger.ts';
import type { LogLevel } from './record.ts';

const now = () => new Date('2026-11-21T08:00:00.123Z');

function logged(level: LogLevel, format = textFormat) {
  const lines: string[] = [];
  const log = createLogger({
    scope: 'dapr.test',
    level,
    format,
    now,
    write: (line) => lines.push(line),
    fields: { app_id: 'shop' },
  });
  return { log, lines };
}

describe('createLogger', () => {
  it("writes Dapr's text form with quotes and newlines escaped inside the message", () => {
    const { log, lines } = logged('info');
    log.info('said "hi"\nand left', { ver: '1.18' });
    expect(lines).toEqual([
      'time="2026-11-21T08:00:00.123000000Z" level=info msg="said \\"hi\\"\\nand left" app_id=shop scope=dapr.test type=log ver=1.18\n',
    ]);
  });

  it("writes Dapr's JSON form", () => {
    const { log, lines } = logged('info', jsonFormat);
    log.warn('careful');
    expect(JSON.parse(lines[0]!)).toEqual({
      app_id: 'shop',
      level: 'warning',
      msg: 'careful',
      scope: 'dapr.test',
      time: '2026-11-21T08:00:00.123Z',
      type: 'log',
    });
  });

  it('leaves out what is below its level', () => {
    const { log, lines } = logged('error');
    log.debug('a');
    log.info('b');
    log.warn('c');
    log.error('d');
    expect(lines).toHaveLength(1);
    expect(log.enabled('info')).toBe(false);
  });

  it('gives a scoped logger its own scope and fields', () => {
    const { log, lines } = logged('debug');
    log.scoped('dapr.other', { store: 'redis' }).debug('x');
    expect(lines[0]).toContain('app_id=shop scope=dapr.other store=redis type=log');
  });
});
