import { fault } from '#kit/errors/fault.ts';

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

const part = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;

/**
 * Milliseconds of a duration in Go's notation: `300ms`, `1.5h`, `2h45m`, `-1s`, `0`.
 * Throws `bad-request` naming the text.
 */
export function parseDuration(text: string): number {
  const trimmed = text.trim();
  const sign = trimmed.startsWith('-') ? -1 : 1;
  const body = trimmed.replace(/^[+-]/, '');
  if (body === '0') return 0;
  let total = 0;
  part.lastIndex = 0;
  while (part.lastIndex < body.length) {
    const match = part.exec(body);
    if (!match) throw fault('bad-request', `"${text}" is not a duration (examples: 300ms, 1.5h, 2h45m)`);
    total += Number(match[1]) * unitMs[match[2]!]!;
  }
  if (body === '') throw fault('bad-request', `"${text}" is not a duration (examples: 300ms, 1.5h, 2h45m)`);
  return sign * total;
}

/** The shortest Go notation of a number of milliseconds: `90000` → `1m30s`, `500` → `500ms`, `0` → `0s`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  const sign = ms < 0 ? '-' : '';
  const abs = Math.abs(ms);
  if (abs < 1) return `${sign}${+(abs * 1e3).toFixed(3)}µs`;
  if (abs < 1_000) return `${sign}${+abs.toFixed(6)}ms`;
  const hours = Math.floor(abs / 3_600_000);
  const minutes = Math.floor((abs % 3_600_000) / 60_000);
  const seconds = +((abs % 60_000) / 1_000).toFixed(9);
  return `${sign}${hours ? `${hours}h` : ''}${hours || minutes ? `${minutes}m` : ''}${seconds}s`;
}
