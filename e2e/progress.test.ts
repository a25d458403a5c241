import { describe, expect, it } from '#kit/testing/test.ts';
import { elapsed, progress } from './progress.ts';

describe('progress', () => {
  it('writes a finished step with its time and note on one plain line where there is no terminal', async () => {
    const lines: string[] = [];
    let now = 0;
    const show = progress({ write: (text) => lines.push(text) }, () => now);
    await show.step(
      'bundle',
      async () => {
        now = 1_500;
        return 3;
      },
      (made) => `${made} bundles`,
    );
    expect(lines).toEqual([`✓ ${'bundle'.padEnd(56)}   1.5 s  3 bundles\n`]);
  });

  it('marks a step that failed and passes the failure on', async () => {
    const lines: string[] = [];
    const show = progress({ write: (text) => lines.push(text) }, () => 0);
    await expect(show.step('push', () => Promise.reject(new Error('no registry')))).rejects.toThrow('no registry');
    expect(lines.join('')).toContain('✗ push');
  });
});

describe('elapsed', () => {
  it('speaks of minutes from the first one on', () => {
    expect(elapsed(400).trim()).toBe('0.4 s');
    expect(elapsed(275_000)).toBe('4 min 35 s');
  });
});
