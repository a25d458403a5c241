import { readFileSync } from 'node:fs';

/**
 * When a process was started, in clock ticks since boot: with its id this
 * names one process for good, although ids are used again.
 */
export function startTime(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
